"""What is sent, what is sent again, and what is made of the answers."""

import threading
import unittest
from asyncio import gather
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx

from stowage import (
    Deployment,
    ProblemError,
    Resources,
    Stowage,
    SubmitDeployment,
    TokenPair,
    UnexpectedAnswerError,
)

from .pretended import Pretended, answer, cut, page, problem, refusal

AWAY = refusal(503, "REQUEST.UNAVAILABLE")
TOKENS = TokenPair("a1", "r1")
SMALL = Resources(cpu=1, memory_mib=1)


def submit(client: Stowage, **more: Any) -> Deployment:
    return client.submit_deployment(organization_id="o", cluster_id="c", image="app", resources=SMALL, **more)


class Retrying(unittest.TestCase):
    def test_sends_what_creates_something_again_under_the_same_key(self) -> None:
        api = Pretended(cut, AWAY, answer(201, {"id": "d"}))
        self.assertEqual(submit(api.client()).id, "d")
        keys = api.of("idempotency-key")
        self.assertRegex(keys[0] or "", r"^[0-9a-f-]{36}$")
        self.assertEqual(keys, [keys[0]] * 3)
        self.assertEqual(api.bodies(), [{"image": "app", "resources": {"cpu": 1, "memoryMib": 1}}] * 3)

    def test_keeps_a_key_of_the_caller(self) -> None:
        api = Pretended(answer(201, {"id": "d"}))
        submit(api.client(), idempotency_key="mine")
        self.assertEqual(api.of("idempotency-key"), ["mine"])

    def test_does_not_send_twice_what_could_happen_twice(self) -> None:
        api = Pretended(cut)
        with self.assertRaises(httpx.TransportError):
            api.client().cancel_deployment(organization_id="o", deployment_id="d")
        self.assertEqual(len(api.sent), 1)
        away = Pretended(AWAY)
        with self.assertRaises(ProblemError):
            away.client().login_user(username="a", password="b")
        self.assertEqual(len(away.sent), 1)

    def test_waits_for_a_limit_whatever_was_asked(self) -> None:
        limited = answer(429, problem(429, "REQUEST.TOO_MANY"), retry_after="0")
        api = Pretended(limited, answer(200, {"accessToken": "a", "refreshToken": "r"}))
        api.client().login_user(username="a", password="b")
        self.assertEqual(len(api.sent), 2)

    def test_waits_as_long_as_the_answer_asks(self) -> None:
        limited = answer(429, problem(429, "REQUEST.TOO_MANY"), retry_after="1")
        api = Pretended(limited, page([], None))
        began = datetime.now()
        api.client().list_clusters(organization_id="o")
        self.assertGreaterEqual(datetime.now() - began, timedelta(seconds=1))

    def test_repeats_a_request_whose_first_try_is_still_under_way(self) -> None:
        busy = answer(409, problem(409, "IDEMPOTENCY.IN_PROGRESS"), retry_after="0")
        api = Pretended(busy, answer(201, {"id": "d"}))
        submit(api.client())
        self.assertEqual(len(api.sent), 2)

    def test_raises_the_refusal_when_patience_ends(self) -> None:
        api = Pretended(answer(503, problem(503, "REQUEST.UNAVAILABLE", fact=7), retry_after="0"))
        with self.assertRaises(ProblemError) as caught:
            api.client(retries=2).list_clusters(organization_id="o")
        error = caught.exception
        self.assertEqual((error.status, error.code, error.request_id), (503, "REQUEST.UNAVAILABLE", "request-1"))
        self.assertEqual((error.retry_after_seconds, error.problem["fact"]), (0, 7))
        self.assertEqual(str(error), "REQUEST.UNAVAILABLE: No.")
        self.assertEqual(len(api.sent), 3)

    def test_names_an_answer_that_is_no_problem(self) -> None:
        api = Pretended(lambda request: httpx.Response(404, text="<html>"))
        with self.assertRaisesRegex(UnexpectedAnswerError, "the answer 404 to http://api/v1/me is no problem document"):
            api.client().get_me()


class Renewing(unittest.IsolatedAsyncioTestCase):
    def api(self) -> Pretended:
        """An API whose only good access token is `a2`, which `r1` gives."""

        def respond(request: httpx.Request) -> httpx.Response:
            if request.url.path == "/v1/auth/refresh":
                return answer(200, {"accessToken": "a2", "refreshToken": "r2"})(request)
            is_good = request.headers["authorization"] == "Bearer a2"
            return (page([], None) if is_good else refusal(401, "AUTH.UNAUTHENTICATED"))(request)

        return Pretended(respond)

    def refreshes(self, api: Pretended) -> list[str]:
        return [request.content.decode() for request in api.sent if request.url.path.endswith("/refresh")]

    def test_renews_a_session_once_for_all_threads_that_find_it_expired(self) -> None:
        api, kept = self.api(), list[TokenPair]()
        client = api.client(token=None, tokens=TOKENS, on_tokens=kept.append)
        threads = [threading.Thread(target=client.list_clusters, kwargs={"organization_id": "o"}) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.refreshes(api), ['{"refreshToken": "r1"}'])
        self.assertEqual(kept, [TokenPair("a2", "r2")])

    async def test_renews_a_session_once_for_all_tasks_that_find_it_expired(self) -> None:
        api = self.api()
        client = api.async_client(token=None, tokens=TOKENS)
        await gather(*(client.list_clusters(organization_id="o") for _ in range(8)))
        self.assertEqual(len(self.refreshes(api)), 1)

    async def test_asks_once_for_a_session_that_cannot_be_renewed(self) -> None:
        api = Pretended(refusal(401, "AUTH.REFRESH_TOKEN_INVALID"))
        client = api.async_client(token=None, tokens=TOKENS)
        errors = await gather(
            *(client.list_clusters(organization_id="o") for _ in range(4)), return_exceptions=True
        )
        self.assertEqual([getattr(error, "code", error) for error in errors], ["AUTH.REFRESH_TOKEN_INVALID"] * 4)
        self.assertEqual(len(self.refreshes(api)), 1)

    def test_signs_in_and_hands_out_the_tokens(self) -> None:
        kept = list[TokenPair]()
        api = Pretended(answer(200, {"accessToken": "a2", "refreshToken": "r2"}), page([], None))
        client = api.client(token=None, on_tokens=kept.append).sign_in(username="a", password="b")
        client.list_organizations()
        self.assertEqual(kept, [TokenPair("a2", "r2")])
        self.assertEqual(api.of("authorization"), [None, "Bearer a2"])


class Converting(unittest.IsolatedAsyncioTestCase):
    def test_asks_for_pages_as_they_are_needed(self) -> None:
        api = Pretended(page([{"id": "1"}, {"id": "2"}], "next"), page([{"id": "3"}], None))
        seen = [(cluster.id, len(api.sent)) for cluster in api.client().iter_clusters(organization_id="o")]
        self.assertEqual(seen, [("1", 1), ("2", 1), ("3", 2)])
        self.assertEqual(api.sent[1].url.params["cursor"], "next")

    async def test_asks_for_pages_as_they_are_needed_with_asyncio(self) -> None:
        api = Pretended(page([{"id": "1"}], "next"), page([{"id": "2"}], None))
        seen = [cluster.id async for cluster in api.async_client().iter_clusters(organization_id="o")]
        self.assertEqual(seen, ["1", "2"])

    def test_names_fields_as_python_does_and_sends_them_as_the_api_does(self) -> None:
        api = Pretended(answer(201, {"results": []}))
        one = SubmitDeployment(image="app", resources=SMALL, max_retries=2, labels={"my_team": "a"})
        api.client().submit_deployments(organization_id="o/x", cluster_id="c", deployments=[one], on_error="continue")
        sent = {"image": "app", "resources": {"cpu": 1, "memoryMib": 1}, "maxRetries": 2, "labels": {"my_team": "a"}}
        self.assertEqual(api.bodies(), [{"deployments": [sent], "onError": "continue"}])
        self.assertIn("/organizations/o%2Fx/clusters/c/", api.sent[0].url.raw_path.decode())

    def test_tells_none_from_a_field_that_is_left_out(self) -> None:
        api = Pretended(answer(200, {}))
        client = api.client()
        client.update_deployment(organization_id="o", deployment_id="d", priority=1)
        client.update_deployment(organization_id="o", deployment_id="d", queue_timeout_seconds=None)
        self.assertEqual(api.bodies(), [{"priority": 1}, {"queueTimeoutSeconds": None}])

    def test_joins_lists_and_writes_times_with_their_zone(self) -> None:
        api = Pretended(page([], None))
        moment = datetime(2026, 1, 31, 13, tzinfo=timezone(timedelta(hours=1)))
        api.client().list_deployments(organization_id="o", status=["queued", "running"], queued_from=moment)
        parameters = api.sent[0].url.params
        self.assertEqual((parameters["status"], parameters["queuedFrom"]), ("queued,running", "2026-01-31T12:00:00Z"))

    def test_reads_what_a_newer_api_answers(self) -> None:
        newer = {"id": "d", "status": "hibernating", "queuedAt": "2026-01-31T12:00:00.500Z", "colour": "red"}
        deployment = Deployment.from_dict(newer)
        self.assertEqual((deployment.id, deployment.status), ("d", "hibernating"))
        self.assertEqual(deployment.queued_at, datetime(2026, 1, 31, 12, 0, 0, 500_000, timezone.utc))
        self.assertIsNone(deployment.labels)

    def test_gives_back_the_json_that_it_was_made_from(self) -> None:
        document = {"cpu": 2.5, "memoryMib": 16, "gpu": 0.5}
        self.assertEqual(Resources.from_dict(document).to_dict(), document)
