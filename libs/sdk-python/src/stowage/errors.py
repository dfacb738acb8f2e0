"""The errors of the API."""

from typing import Any, cast

import httpx


class StowageError(Exception):
    """The base of the errors of this package. A request without an answer raises `httpx.TransportError`."""


class ProblemError(StowageError):
    """A refusal of the API: an RFC 9457 problem.

    Programs decide by `code`; `/problems/{code}` of the API explains each.
    """

    def __init__(self, problem: dict[str, Any], retry_after_seconds: int | None = None) -> None:
        super().__init__(f"{problem['code']}: {problem['detail']}")
        self.problem = problem
        """The whole problem document, with the facts that belong to its code, under the names of the API."""
        self.status: int = problem["status"]
        self.code: str = problem["code"]
        """Stable, such as `DEPLOYMENTS.EXCEEDS_CAPACITY`."""
        self.request_id: str = problem["requestId"]
        """Identifies the request in the service's logs."""
        self.retry_after_seconds = retry_after_seconds
        """The pause before the next try, where the API names one."""


class UnexpectedAnswerError(StowageError):
    """An answer that is no problem document: it comes from a proxy before the API."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"the answer {response.status_code} to {response.url} is no problem document")
        self.status = response.status_code
        self.text = response.text


def error_of(response: httpx.Response) -> StowageError:
    """Converts an answer to an error."""
    try:
        body = response.json()
    except ValueError:
        return UnexpectedAnswerError(response)
    if isinstance(body, dict) and {"code", "detail", "status", "requestId"} <= cast(dict[str, Any], body).keys():
        return ProblemError(cast(dict[str, Any], body), retry_after_of(response))
    return UnexpectedAnswerError(response)


def retry_after_of(response: httpx.Response) -> int | None:
    """Returns the seconds of `Retry-After`."""
    text = response.headers.get("retry-after", "")
    return int(text) if text.isascii() and text.isdigit() else None
