"""Decides what is sent, when it is sent again, and when a session is renewed.

Both clients share it: a flow yields steps, and the client takes them, with or without `await`.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar
from uuid import uuid4

import httpx

from .errors import retry_after_of

T = TypeVar("T")

EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Send:
    """Sends a request; its result is the response."""

    request: httpx.Request

    @property
    def is_stream(self) -> bool:
        """Whether the body of the answer is read as it arrives."""
        return self.request.headers["accept"] == EVENT_STREAM


@dataclass(frozen=True, slots=True)
class Wait:
    """Waits."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Renew:
    """Renews the session unless that has happened already; its result says whether there is a new access token."""

    refused: str | None


Flow: TypeAlias = Generator[Send | Wait | Renew, Any, T]


@dataclass(frozen=True, slots=True)
class Retries:
    """Limits of the retries of a request that was not answered, or that was put off."""

    limit: int = 4
    """Tries after the first."""
    first_pause_seconds: float = 0.2
    """The first pause, which doubles with each further try. A Retry-After of the API replaces it."""


KEY = "idempotency-key"
LONGEST_PAUSE_SECONDS = 10
REPEATABLE = {"GET", "HEAD", "PUT", "DELETE"}
AWAY = {502, 503, 504}


def exchange(
    request: httpx.Request, takes_key: bool, bearer: Callable[[], str | None], retries: Retries
) -> Flow[httpx.Response]:
    """Signs a request, renews an expired access token, and repeats what is safe to repeat.

    That is: reads, PUT and DELETE, and requests with an Idempotency-Key, which is added where the operation takes one.
    A request that a limit refused (429) was not carried out, and is repeated in any case.
    """
    if takes_key and KEY not in request.headers:
        request.headers[KEY] = str(uuid4())
    is_repeatable = request.method in REPEATABLE or KEY in request.headers
    tries = 0
    while True:
        pause = min(retries.first_pause_seconds * 2**tries, LONGEST_PAUSE_SECONDS)
        try:
            response = yield from _send_renewed(request, bearer)
        except httpx.TransportError:
            if tries >= retries.limit or not is_repeatable:
                raise
        else:
            if tries >= retries.limit or not _is_worth_another(response, is_repeatable):
                return response
            seconds = retry_after_of(response)
            pause = pause if seconds is None else min(seconds, LONGEST_PAUSE_SECONDS)
        yield Wait(pause)
        tries += 1


def _send_renewed(request: httpx.Request, bearer: Callable[[], str | None]) -> Flow[httpx.Response]:
    used = bearer()
    response = yield from _send_signed(request, used)
    if response.status_code != 401 or "/v1/auth/" in request.url.path or not (yield Renew(used)):
        return response
    return (yield from _send_signed(request, bearer()))


def _send_signed(request: httpx.Request, bearer: str | None) -> Flow[httpx.Response]:
    if bearer is not None:
        request.headers["authorization"] = f"Bearer {bearer}"
    response: httpx.Response = yield Send(request)
    return response


def _is_worth_another(response: httpx.Response, is_repeatable: bool) -> bool:
    status = response.status_code
    if status == 429:
        return True
    # The first request with the same key is still under way.
    is_busy = status == 409 and retry_after_of(response) is not None
    return is_repeatable and (status in AWAY or is_busy)
