"""The credential of a client, and its renewal."""

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from .errors import error_of
from .exchange import Flow, Send


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The tokens of a session. Keep the refresh token as you keep a password; each can be used once."""

    access_token: str
    refresh_token: str


OnTokens = Callable[[TokenPair], None]


class Credential:
    """Holds an API token, or the tokens of a session, which it renews."""

    def __init__(self, token: str | None, tokens: TokenPair | None, on_tokens: OnTokens | None) -> None:
        self._token = token
        self._tokens = tokens
        self._on_tokens = on_tokens
        self._failure: Exception | None = None
        self.failures = 0
        """How many renewals have failed."""

    @property
    def bearer(self) -> str | None:
        """The token that signs requests."""
        return self._token if self._tokens is None else self._tokens.access_token

    def take(self, tokens: TokenPair) -> None:
        """Uses the tokens of a session from now on."""
        self._tokens = tokens
        if self._on_tokens is not None:
            self._on_tokens(tokens)

    def renew(self, refused: str | None, failures: int, build: Callable[[str], httpx.Request]) -> Flow[bool]:
        """Gets a new access token after one was refused; one call at a time.

        `failures` is how many had failed when the request found its token expired: it shares the failure of a renewal
        for which it waited. Returns False where there is nothing to renew: for API tokens.
        """
        if self._tokens is None:
            return False
        if self._tokens.access_token != refused:
            return True
        if self._failure is not None and self.failures > failures:
            raise self._failure
        try:
            response = yield Send(build(self._tokens.refresh_token))
            if not response.is_success:
                raise error_of(response)
        except Exception as error:
            self._failure = error
            self.failures += 1
            raise
        body = response.json()
        self.take(TokenPair(body["accessToken"], body["refreshToken"]))
        return True
