"""What both clients know and do without sending anything themselves."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import httpx

from .credentials import Credential, TokenPair
from .errors import error_of
from .exchange import EVENT_STREAM, Flow, Retries, exchange
from .generated.descriptions import LIST_EVENTS, REFRESH_TOKENS
from .generated.models import Refresh, Tokens
from .operation import Call

T = TypeVar("T")
Http = TypeVar("Http", httpx.Client, httpx.AsyncClient)

# An event stream without events sends a comment every 15 seconds unless it is set up otherwise: a minute without one
# means that the connection is lost.
TIMEOUT = httpx.Timeout(60, connect=10)


class Session(Generic[Http]):
    """Address, credential and retries of a client, and the flows of its requests."""

    def __init__(self, http: Http, base_url: str, credential: Credential, retries: Retries) -> None:
        self.http: Http = http
        self.credential = credential
        self._base_url = base_url.rstrip("/")
        self._retries = retries

    def call(self, call: Call[T]) -> Flow[T]:
        """Sends a call, and reads its answer."""
        request = call.build(self.http, self._base_url)
        return call.operation.read((yield from self._exchange(request, call.operation.takes_key)))

    def connect(
        self, organization_id: str, selection: Mapping[str, Any], last_event_id: str | None
    ) -> Flow[httpx.Response]:
        """Opens a stream of events that continues after one of them."""
        path = {"organizationId": organization_id}
        headers = {"Last-Event-ID": last_event_id}
        request = Call(LIST_EVENTS, path, selection, headers).build(self.http, self._base_url)
        request.headers["accept"] = EVENT_STREAM
        response = yield from self._exchange(request, False)
        if not response.is_success:
            raise error_of(response)
        return response

    def renew(self, refused: str | None, failures: int) -> Flow[bool]:
        """Renews the session, one call at a time: see `Credential.renew`."""

        def build(refresh_token: str) -> httpx.Request:
            return Call(REFRESH_TOKENS, body=Refresh(refresh_token=refresh_token)).build(self.http, self._base_url)

        return self.credential.renew(refused, failures, build)

    def begin(self, tokens: Tokens) -> None:
        """Takes the tokens of a session that was begun."""
        self.credential.take(TokenPair(tokens.access_token, tokens.refresh_token))

    def _exchange(self, request: httpx.Request, takes_key: bool) -> Flow[httpx.Response]:
        return exchange(request, takes_key, lambda: self.credential.bearer, self._retries)
