"""What one operation of the API's document is: the description that both clients share."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast
from urllib.parse import quote

import httpx

from .codec import Model, to_json, to_text
from .errors import error_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """An operation, and the type of its answer: a model, `str` for a text, `NoneType` for nothing."""

    method: str
    path: str
    answer: type[T]
    takes_key: bool = False
    """Whether it takes an `Idempotency-Key`: then it is safe to send it again."""
    content_type: str = "application/json"
    """The type of its body."""

    def read(self, response: httpx.Response) -> T:
        """Returns what was answered, or raises what was refused."""
        if not response.is_success:
            raise error_of(response)
        if issubclass(self.answer, Model):
            return cast(T, self.answer.from_dict(json.loads(response.content)))
        return cast(T, response.text if self.answer is str else None)


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """An operation with its arguments, under the names of the API. In query and headers, None leaves one out."""

    operation: Operation[T]
    path: Mapping[str, str] | None = None
    query: Mapping[str, Any] | None = None
    headers: Mapping[str, str | None] | None = None
    body: Model | str | bytes | None = None

    def build(self, http: httpx.Client | httpx.AsyncClient, base_url: str) -> httpx.Request:
        """Makes the request."""
        operation = self.operation
        path = operation.path.format_map({name: quote(value, safe="") for name, value in (self.path or {}).items()})
        headers = {name: value for name, value in (self.headers or {}).items() if value is not None}
        headers["accept"] = "application/json" if issubclass(operation.answer, Model) else "*/*"
        if self.body is not None:
            headers["content-type"] = operation.content_type
        content = json.dumps(to_json(self.body)) if isinstance(self.body, Model) else self.body
        params = {name: to_text(value) for name, value in (self.query or {}).items() if value is not None}
        return http.build_request(operation.method, base_url + path, params=params, headers=headers, content=content)


class Caller(ABC):
    """The base of the methods of the client without asyncio."""

    @abstractmethod
    def _call(self, call: Call[T]) -> T:
        """Sends it, and returns the answer."""


class AsyncCaller(ABC):
    """The base of the methods of the client for asyncio."""

    @abstractmethod
    async def _call(self, call: Call[T]) -> T:
        """Sends it, and returns the answer."""
