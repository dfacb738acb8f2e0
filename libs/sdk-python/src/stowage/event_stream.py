"""The events of an organization as an iterator."""

import socket
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from queue import Empty, SimpleQueue
from threading import Thread
from time import sleep
from types import TracebackType
from typing import Any, Self, cast

import httpx

from .generated.models import Event
from .messages import Closed, Position, Reader

Connect = Callable[[str | None, Callable[[float], None]], httpx.Response]
"""Opens a connection that continues after an event; waits by means of the second argument."""


class EventStream(Iterator[Event]):
    """Yields the events of an organization in their order, each once, without a gap.

    After a lost connection another one continues after the last event. Ends only by `close`, or by a refusal
    (`ProblemError`). One thread reads; any thread or signal handler may close it.
    """

    def __init__(self, connect: Connect, last_event_id: str | None) -> None:
        self._line = _Line(connect, Position(last_event_id))
        # Does not refer to this object, so that its connection ends with the last reference to it.
        self._events = _read(self._line)

    @property
    def last_event_id(self) -> str | None:
        """The position after which another stream continues."""
        return self._line.position.last_event_id

    def __next__(self) -> Event:
        return next(self._events)

    def close(self) -> None:
        """Ends the iteration at once, whatever it waits for."""
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        # A generator that another thread runs ends by itself.
        with suppress(ValueError):
            self._events.close()


def _read(line: "_Line") -> Generator[Event, None, None]:
    try:
        while not line.is_closed:
            try:
                with closing(line.open()) as response:
                    reader = Reader(line.position)
                    for chunk in response.iter_bytes():
                        yield from reader.feed(chunk)
            except httpx.TransportError:
                pass
            line.pause(line.position.pause_seconds())
    except Exception:
        # An interrupted read fails in one of many ways.
        if not line.is_closed:
            raise
    finally:
        line.is_closed = True


class _Line:
    """The connection of a stream, one after the other, and what can end its waits."""

    def __init__(self, connect: Connect, position: Position) -> None:
        self.position = position
        self.is_closed = False
        self._connect = connect
        self._response: httpx.Response | None = None
        # Unlike a lock or an event, a queue of this kind can be used in a signal handler.
        self._wakes: SimpleQueue[httpx.Response | BaseException] = SimpleQueue()

    def open(self) -> httpx.Response:
        """Opens a connection in a thread of its own, which does not keep a closed stream waiting."""
        Thread(target=self._open_apart, daemon=True).start()
        opened = self._wakes.get()
        if isinstance(opened, BaseException):
            raise opened
        self._response = opened
        if self.is_closed:
            opened.close()
            raise Closed
        return opened

    def _open_apart(self) -> None:
        try:
            response = self._connect(self.position.last_event_id, self._sleep)
            if self.is_closed:
                response.close()
            self._wakes.put(response)
        except BaseException as error:
            self._wakes.put(error)

    def _sleep(self, seconds: float) -> None:
        sleep(seconds)
        if self.is_closed:
            raise Closed

    def pause(self, seconds: float) -> None:
        """Waits; raises `Closed` when the stream is closed meanwhile."""
        with suppress(Empty):
            self._wakes.get(timeout=seconds)
            raise Closed

    def close(self) -> None:
        """Ends what it waits for."""
        self.is_closed = True
        self._wakes.put(Closed())
        if self._response is not None:
            _interrupt(self._response)


def _interrupt(response: httpx.Response) -> None:
    """Ends a read in another thread, which would outlast the closing of its socket."""
    stream: Any = cast(Any, response).extensions.get("network_stream")
    connection = None if stream is None else stream.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
