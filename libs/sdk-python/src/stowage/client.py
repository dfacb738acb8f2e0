"""The client for programs without asyncio."""

from collections.abc import Callable, Sequence
from threading import Lock
from time import sleep
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from .credentials import Credential, OnTokens, TokenPair
from .event_stream import EventStream
from .exchange import Flow, Renew, Retries, Send, Wait
from .generated.models import DeploymentStatus
from .generated.operations import Operations
from .operation import Call
from .session import TIMEOUT, Session

T = TypeVar("T")
Pause = Callable[[float], None]


class Stowage(Operations):
    """A client of the Stowage API. Each operation of its document is a method, by its operationId in snake_case.

    It returns the answer of the API, and raises `ProblemError` where the API refuses. Threads may share it.

    Args:
        base_url: Such as `https://stowage.example.com`, without `/v1`.
        token: An API token of a user or a service account.
        tokens: The tokens of a session; they are renewed when the access token has expired.
        on_tokens: Called with each new pair, to be kept: the former refresh token is no longer valid.
        retries: How often what was not answered or put off is sent again, where that is safe.
        retry_delay_seconds: The first pause, which doubles with each try. A Retry-After of the API replaces it.
        http: Sends the requests, and is closed with this client; one of its own by default.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        tokens: TokenPair | None = None,
        on_tokens: OnTokens | None = None,
        retries: int = 4,
        retry_delay_seconds: float = 0.2,
        http: httpx.Client | None = None,
    ) -> None:
        self._session = Session(
            http or httpx.Client(timeout=TIMEOUT),
            base_url,
            Credential(token, tokens, on_tokens),
            Retries(retries, retry_delay_seconds),
        )
        self._renewing = Lock()

    def sign_in(self, *, username: str, password: str) -> Self:
        """Signs in with username (or e-mail address) and password. The session renews itself."""
        self._session.begin(self.login_user(username=username, password=password))
        return self

    def register(
        self, *, username: str, password: str, email: str | None = None, invite_code: str | None = None
    ) -> Self:
        """Creates an account and signs in. With an invite code, the account joins that organization."""
        self._session.begin(
            self.register_user(username=username, password=password, email=email, invite_code=invite_code)
        )
        return self

    def follow(
        self,
        *,
        organization_id: str,
        last_event_id: str | None = None,
        cluster_id: str | None = None,
        deployment_id: str | None = None,
        status: Sequence[DeploymentStatus] | None = None,
    ) -> EventStream:
        """Iterates over the events of an organization as they happen: see `EventStream`.

        Args:
            organization_id: The organization.
            last_event_id: The last event that was seen; `BEGINNING` for all. Without it: from now on.
            cluster_id: Only events in this cluster.
            deployment_id: Only events of this deployment.
            status: Only events that led to one of these statuses.
        """
        selection = {"clusterId": cluster_id, "deploymentId": deployment_id, "status": status}

        def connect(seen: str | None, pause: Pause) -> httpx.Response:
            return self._run(self._session.connect(organization_id, selection, seen), pause)

        return EventStream(connect, last_event_id)

    def close(self) -> None:
        """Closes its connections."""
        self._session.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _call(self, call: Call[T]) -> T:
        return self._run(self._session.call(call))

    def _run(self, flow: Flow[T], pause: Pause = sleep) -> T:
        """Takes the steps of a flow."""
        try:
            step = next(flow)
            while True:
                try:
                    result = self._take(step, pause)
                except Exception as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration as end:
            value: T = end.value
            return value

    def _take(self, step: Send | Wait | Renew, pause: Pause) -> Any:
        if isinstance(step, Wait):
            return pause(step.seconds)
        if isinstance(step, Renew):
            failures = self._session.credential.failures
            with self._renewing:
                return self._run(self._session.renew(step.refused, failures), pause)
        response = self._session.http.send(step.request, stream=step.is_stream)
        if step.is_stream and not response.is_success:
            response.read()
        return response
