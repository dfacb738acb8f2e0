"""An API that is only pretended: clients whose requests are answered by a test."""

import json
from asyncio import sleep
from collections.abc import Callable
from typing import Any

import httpx

from stowage import AsyncStowage, Stowage

URL = "http://api/"
OPTIONS: dict[str, Any] = {"token": "t", "retry_delay_seconds": 0.001}
Answer = Callable[[httpx.Request], httpx.Response]


def answer(status: int, body: Any, **headers: str) -> Answer:
    """Answers by JSON."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: httpx.Response(status, json=body, headers=names)


def problem(status: int, code: str, **facts: Any) -> dict[str, Any]:
    """Makes a problem document."""
    return {"status": status, "code": code, "detail": "No.", "requestId": "request-1", **facts}


def refusal(status: int, code: str, **facts: Any) -> Answer:
    """Answers by a problem."""
    return answer(status, problem(status, code, **facts))


def stream(text: str) -> Answer:
    """Answers by server-sent events, and ends."""
    return lambda request: httpx.Response(200, text=text, headers={"content-type": "text/event-stream"})


def cut(request: httpx.Request) -> httpx.Response:
    """Gives no answer."""
    raise httpx.ReadError("cut", request=request)


def page(items: list[dict[str, Any]], next_cursor: str | None) -> Answer:
    """Answers by a page of a list."""
    return answer(200, {"items": items, "nextCursor": next_cursor})


class Pretended(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers requests one after the other, the last answer again and again, and keeps what was sent."""

    def __init__(self, *answers: Answer) -> None:
        self.sent: list[httpx.Request] = []
        self.headers: list[dict[str, str]] = []
        self._answers = list(answers)

    def client(self, **options: Any) -> Stowage:
        """Returns a client whose requests it answers."""
        given: dict[str, Any] = {**OPTIONS, **options}
        return Stowage(URL, http=httpx.Client(transport=self), **given)

    def async_client(self, **options: Any) -> AsyncStowage:
        """Returns a client for asyncio whose requests it answers."""
        given: dict[str, Any] = {**OPTIONS, **options}
        return AsyncStowage(URL, http=httpx.AsyncClient(transport=self), **given)

    def of(self, header: str) -> list[str | None]:
        """Returns the values of a header in what was sent."""
        return [headers.get(header) for headers in self.headers]

    def bodies(self) -> list[Any]:
        """Returns the JSON that was sent."""
        return [json.loads(request.content) for request in self.sent]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.sent.append(request)
        self.headers.append(dict(request.headers))
        return (self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        # As on a network, other tasks go on meanwhile.
        await sleep(0)
        return self.handle_request(request)
