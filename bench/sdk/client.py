"""One run of the SDK for Python: submits COUNT deployments, follows their events, and reports the end of each.

Prints its seconds.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable

from stowage import BEGINNING, AsyncStowage, Report, Resources, SubmitDeployment

COUNT = int(os.environ["COUNT"])
CONNECTIONS = int(os.environ["CONNECTIONS"])
ORGANIZATION = os.environ["ORGANIZATION"]
CLUSTER = os.environ["CLUSTER"]
IMAGE = "registry.example.com/app:1"
RESOURCES = Resources(cpu=1, memory_mib=256)
REPORTS = 100


async def at_once(work: Callable[[], Awaitable[object]]) -> None:
    """Does something as often as there are deployments, as many at a time as there are connections."""
    numbers = iter(range(COUNT))

    async def one() -> None:
        for _ in numbers:
            await work()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))


async def follow(client: AsyncStowage, scheduled: asyncio.Queue[str]) -> None:
    seen = 0
    async with client.follow(
        organization_id=ORGANIZATION, cluster_id=CLUSTER, status=["scheduled"], last_event_id=BEGINNING
    ) as events:
        async for event in events:
            scheduled.put_nowait(event.deployment_id)
            seen += 1
            if seen == COUNT:
                return


async def singly(client: AsyncStowage, scheduled: asyncio.Queue[str]) -> None:
    async def report() -> None:
        await client.complete_deployment(
            organization_id=ORGANIZATION, deployment_id=await scheduled.get(), outcome="succeeded"
        )

    async def submit() -> None:
        await client.submit_deployment(
            organization_id=ORGANIZATION, cluster_id=CLUSTER, image=IMAGE, resources=RESOURCES
        )

    await asyncio.gather(at_once(submit), at_once(report))


async def in_batches(client: AsyncStowage, scheduled: asyncio.Queue[str]) -> None:
    deployments = [SubmitDeployment(image=IMAGE, resources=RESOURCES) for _ in range(COUNT)]
    await client.submit_deployments(organization_id=ORGANIZATION, cluster_id=CLUSTER, deployments=deployments)
    for reported in range(0, COUNT, REPORTS):
        wanted = min(REPORTS, COUNT - reported)
        reports = [Report(id=await scheduled.get(), outcome="succeeded") for _ in range(wanted)]
        await client.complete_deployments(organization_id=ORGANIZATION, cluster_id=CLUSTER, reports=reports)


async def main() -> None:
    async with AsyncStowage(os.environ["STOWAGE_URL"], token=os.environ["STOWAGE_TOKEN"]) as client:
        scheduled: asyncio.Queue[str] = asyncio.Queue()
        work = in_batches if os.environ["MODE"] == "batches" else singly
        began = time.perf_counter()
        await asyncio.gather(follow(client, scheduled), work(client, scheduled))
        print(time.perf_counter() - began)


asyncio.run(main())
