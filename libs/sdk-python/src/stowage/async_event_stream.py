"""The events of an organization as an asynchronous iterator."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from .generated.models import Event
from .messages import Closed, Position, Reader

T = TypeVar("T")

AsyncConnect = Callable[[str | None], Coroutine[Any, Any, httpx.Response]]
"""Opens a connection that continues after an event."""


class AsyncEventStream(AsyncIterator[Event]):
    """Yields the events of an organization in their order, each once, without a gap.

    After a lost connection another one continues after the last event. Ends only by `close`, by the cancellation of its
    reader, or by a refusal (`ProblemError`).
    """

    def __init__(self, connect: AsyncConnect, last_event_id: str | None) -> None:
        self._position = Position(last_event_id)
        self._closing = asyncio.Event()
        self._events = _read(connect, self._position, self._closing)

    @property
    def last_event_id(self) -> str | None:
        """The position after which another stream continues."""
        return self._position.last_event_id

    async def __anext__(self) -> Event:
        return await anext(self._events)

    def close(self) -> None:
        """Ends the iteration at once, whatever it waits for."""
        self._closing.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        # A generator that another task runs ends by itself.
        with suppress(RuntimeError):
            await self._events.aclose()


async def _read(connect: AsyncConnect, position: Position, closing: asyncio.Event) -> AsyncGenerator[Event, None]:
    try:
        while not closing.is_set():
            try:
                response = await _unless(closing, connect(position.last_event_id))
                try:
                    reader = Reader(position)
                    chunks = response.aiter_bytes()
                    while (chunk := await _unless(closing, _next(chunks))) is not None:
                        for event in reader.feed(chunk):
                            yield event
                finally:
                    await response.aclose()
            except httpx.TransportError:
                pass
            await _unless(closing, asyncio.sleep(position.pause_seconds()))
    except Closed:
        return


async def _next(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)


async def _unless(closing: asyncio.Event, work: Coroutine[Any, Any, T]) -> T:
    """Returns the result of work; raises `Closed`, and cancels the work, when the stream is closed before."""
    task = asyncio.ensure_future(work)
    end = asyncio.ensure_future(closing.wait())
    try:
        await asyncio.wait((task, end), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Closed
        return task.result()
    finally:
        task.cancel()
        end.cancel()
