"""The messages of a stream of server-sent events, and the events of the API in them."""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .generated.models import Event

BEGINNING = "0-0"
"""Comes before every event."""

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10

_END_OF_LINE = re.compile(r"\r?\n")
_END_OF_MESSAGE = re.compile(r"\r?\n\r?\n")


class Closed(Exception):
    """Ends what a stream waits for when it is closed."""


@dataclass(slots=True)
class Position:
    """How far a reader has come, and how often in a row its connection has ended without a message."""

    last_event_id: str | None
    failures: int = 0

    def pause_seconds(self) -> float:
        """Returns how long to wait before the next connection."""
        self.failures += 1
        return min(FIRST_PAUSE_SECONDS * 2.0 ** (self.failures - 1), LONGEST_PAUSE_SECONDS)


class Reader:
    """Reads the events from one connection, each when it is complete, and keeps the position."""

    def __init__(self, position: Position) -> None:
        self._position = position
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Takes what has arrived. A message without data counts where it has an id, which is the stream's position."""
        *blocks, self._text = _END_OF_MESSAGE.split(self._text + self._decoder.decode(chunk))
        for block in blocks:
            fields = [line.partition(":") for line in _END_OF_LINE.split(block)]
            values = {name: value.removeprefix(" ") for name, _, value in fields}
            data = "\n".join(value.removeprefix(" ") for name, _, value in fields if name == "data")
            self._position.failures = 0
            self._position.last_event_id = values.get("id", self._position.last_event_id)
            if values.get("event", "message") == "message" and data:
                yield Event.from_dict(json.loads(data))
