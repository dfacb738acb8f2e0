"""Both clients against a running service, whose address is in STOWAGE_URL."""

import os
import unittest
from uuid import uuid4

from stowage import (
    BEGINNING,
    AsyncStowage,
    Capacity,
    ProblemError,
    Report,
    Resources,
    Stowage,
    SubmitDeployment,
    TokenPair,
)

ONE = SubmitDeployment(image="nvcr.io/nvidia/pytorch:25.09-py3", resources=Resources(cpu=1, memory_mib=512))


def account() -> dict[str, str]:
    return {"username": f"py-{uuid4().hex[:12]}", "password": "correct horse battery staple"}


class Service(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.url = os.environ["STOWAGE_URL"]

    def test_submits_follows_and_reports(self) -> None:
        with Stowage(self.url).register(**account()) as client:
            organization = client.create_organization(name="Snakes")
            cluster = client.create_cluster(
                organization_id=organization.id, name="pool", capacity=Capacity(cpu=2, memory_mib=4096)
            )
            batch = client.submit_deployments(
                organization_id=organization.id, cluster_id=cluster.id, deployments=[ONE] * 3
            )
            self.assertEqual([result.index for result in batch.results], [0, 1, 2])
            ended = set[str]()
            with client.follow(
                organization_id=organization.id, last_event_id=BEGINNING, status=["scheduled", "succeeded"]
            ) as events:
                for event in events:
                    if event.to == "scheduled":
                        report = Report(id=event.deployment_id, outcome="succeeded")
                        client.complete_deployments(
                            organization_id=organization.id, cluster_id=cluster.id, reports=[report]
                        )
                        continue
                    ended.add(event.deployment_id)
                    if len(ended) == 3:
                        break
            listed = list(client.iter_deployments(organization_id=organization.id, status=["succeeded"]))
            self.assertEqual({deployment.id for deployment in listed}, ended)
            self.assertTrue(all(deployment.ended_at is not None for deployment in listed))

    async def test_submits_follows_and_reports_with_asyncio(self) -> None:
        async with await AsyncStowage(self.url).register(**account()) as client:
            organization = await client.create_organization(name="Snakes")
            cluster = await client.create_cluster(
                organization_id=organization.id, name="pool", capacity=Capacity(cpu=1, memory_mib=4096)
            )
            events = client.follow(organization_id=organization.id, last_event_id=BEGINNING, status=["scheduled"])
            submitted = [
                await client.submit_deployment(
                    organization_id=organization.id, cluster_id=cluster.id, image=ONE.image, resources=ONE.resources
                )
                for _ in range(2)
            ]
            started = list[str]()
            async with events:
                async for event in events:
                    started.append(event.deployment_id)
                    await client.complete_deployment(
                        organization_id=organization.id, deployment_id=event.deployment_id, outcome="succeeded"
                    )
                    if len(started) == 2:
                        break
            self.assertEqual(started, [deployment.id for deployment in submitted])

    def test_renews_an_expired_session(self) -> None:
        with Stowage(self.url) as client:
            tokens = client.register_user(**account())
        kept = list[TokenPair]()
        expired = TokenPair(f"{tokens.access_token}x", tokens.refresh_token)
        with Stowage(self.url, tokens=expired, on_tokens=kept.append) as client:
            self.assertEqual(client.get_me().username, tokens.user.username)
        self.assertEqual(len(kept), 1)

    def test_raises_the_problem_of_a_refusal(self) -> None:
        with Stowage(self.url).register(**account()) as client:
            organization = client.create_organization(name="Snakes")
            with self.assertRaises(ProblemError) as caught:
                client.create_cluster(organization_id=organization.id, name="", capacity=Capacity(cpu=1, memory_mib=1))
        error = caught.exception
        self.assertEqual((error.status, error.code), (400, "REQUEST.INVALID"))
        self.assertEqual(error.problem["errors"][0]["pointer"], "#/name")

    def test_has_optional_bodies(self) -> None:
        with Stowage(self.url).register(**account()) as client:
            organization = client.create_organization(name="Snakes")
            cluster = client.create_cluster(
                organization_id=organization.id, name="pool", capacity=Capacity(cpu=2, memory_mib=4096)
            )
            answer = client.plan_cluster(organization_id=organization.id, cluster_id=cluster.id)
            self.assertEqual(answer.starts, [])
            self.assertIn("stowage_", client.get_metrics())
