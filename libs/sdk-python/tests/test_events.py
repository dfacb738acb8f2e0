"""The event stream: where it continues, and what ends it."""

import asyncio
import gc
import signal
import threading
import time
import unittest
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch

import httpx

from stowage import BEGINNING, AsyncStowage, Event, EventStream, ProblemError, Stowage

from .pretended import Pretended, cut, refusal, stream

AT_ONCE_SECONDS = 2
"""Without an end from outside, each of these waits would take a minute or more. Machines that test are busy."""
SOON_SECONDS = 0.1


def event(id: str) -> str:
    return f'id: {id}\ndata: {{"id": "{id}"}}\n\n'


def interrupted() -> Pretended:
    """Ends three connections, one of them in the middle of an event."""
    return Pretended(
        stream(f": hello\nid: 1-0\n\n{event('1-1')}id: 1-2\nda"),
        cut,
        stream(f"{event('1-2')}id: 1-5\n: nothing for you up to here\n\n"),
        stream(f"event: end\ndata: bye\n\n{event('1-6')}"),
    )


@patch("stowage.messages.FIRST_PAUSE_SECONDS", 0.001)
class Continuing(unittest.IsolatedAsyncioTestCase):
    def assert_continued(self, api: Pretended, seen: list[Event]) -> None:
        self.assertEqual([found.id for found in seen], ["1-1", "1-2", "1-6"])
        self.assertEqual(api.of("last-event-id"), ["0-0", "1-1", "1-1", "1-5"])
        self.assertEqual(api.of("accept"), ["text/event-stream"] * 4)
        self.assertEqual(api.sent[0].url.params["status"], "queued,scheduled")

    def test_continues_after_the_last_event_when_the_connection_ends(self) -> None:
        api = interrupted()
        events = api.client(retries=0).follow(
            organization_id="o", last_event_id=BEGINNING, status=["queued", "scheduled"]
        )
        self.assert_continued(api, [next(events) for _ in range(3)])
        self.assertEqual(events.last_event_id, "1-6")
        events.close()
        self.assertEqual(list(events), [])

    async def test_continues_after_the_last_event_with_asyncio(self) -> None:
        api = interrupted()
        seen = list[Event]()
        client = api.async_client(retries=0)
        async with client.follow(
            organization_id="o", last_event_id=BEGINNING, status=["queued", "scheduled"]
        ) as events:
            async for found in events:
                seen.append(found)
                if found.id == "1-6":
                    break
        self.assert_continued(api, seen)

    async def test_ends_by_a_refusal(self) -> None:
        api = Pretended(refusal(410, "EVENTS.EXPIRED"))
        with self.assertRaises(ProblemError) as caught:
            next(api.client().follow(organization_id="o"))
        self.assertEqual(caught.exception.code, "EVENTS.EXPIRED")
        with self.assertRaises(ProblemError):
            await anext(api.async_client().follow(organization_id="o"))

    def test_reads_characters_that_are_cut_in_two_and_lines_that_look_like_several(self) -> None:
        text = 'id: 1-1\ndata: {"id": "1-1", "cause": "\u00fc\u2028\u00fc"}\n\n'.encode()

        def bytewise(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, stream=Bytewise(text))

        events = Pretended(bytewise).client().follow(organization_id="o")
        self.assertEqual(next(events).cause, "\u00fc\u2028\u00fc")


class Bytewise(httpx.SyncByteStream):
    """A body that arrives byte by byte."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    def __iter__(self) -> Iterator[bytes]:
        for byte in self._text:
            yield bytes([byte])


@contextmanager
def silent_server(is_answering: bool) -> Generator[str, None, None]:
    """A server whose event streams stay open and silent, or whose answers never come."""
    over = threading.Event()

    class Silent(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_stream = self.headers["accept"] == "text/event-stream"
            if is_stream and not is_answering:
                over.wait()
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b": open\n\n" if is_stream else b'{"items": [], "nextCursor": null}')
            self.wfile.flush()
            if is_stream:
                over.wait()

        def log_message(self, format: str, *args: object) -> None:
            """Writes no log."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Writes no log: clients close their connections on purpose."""

    server = Quiet(("127.0.0.1", 0), Silent)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()


class Ending(unittest.IsolatedAsyncioTestCase):
    def close_soon(self, events: EventStream) -> list[float]:
        """Closes a stream in another thread. Returns when, once that has happened."""
        moments = list[float]()

        def close() -> None:
            time.sleep(SOON_SECONDS)
            moments.append(time.monotonic())
            events.close()

        threading.Thread(target=close).start()
        return moments

    def test_ends_at_once_when_another_thread_closes_it(self) -> None:
        for is_answering in (True, False):
            with self.subTest(is_answering=is_answering), silent_server(is_answering) as url:
                client = Stowage(url, token="t")
                events = client.follow(organization_id="o")
                moments = self.close_soon(events)
                client.list_clusters(organization_id="o")
                gc.collect()
                self.assertEqual(list(events), [])
                self.assertLess(time.monotonic() - moments[0], AT_ONCE_SECONDS)

    def test_ends_at_once_when_it_is_closed_between_connections(self) -> None:
        events = Pretended(cut).client(retries=0).follow(organization_id="o")
        moments = self.close_soon(events)
        self.assertEqual(list(events), [])
        self.assertLess(time.monotonic() - moments[0], AT_ONCE_SECONDS)

    def test_ends_at_once_when_a_signal_handler_closes_it(self) -> None:
        for is_answering in (True, False):
            with self.subTest(is_answering=is_answering), silent_server(is_answering) as url:
                events = Stowage(url, token="t").follow(organization_id="o")
                before = signal.signal(signal.SIGALRM, lambda number, frame: events.close())
                try:
                    signal.setitimer(signal.ITIMER_REAL, SOON_SECONDS)
                    began = time.monotonic()
                    self.assertEqual(list(events), [])
                    self.assertLess(time.monotonic() - began, SOON_SECONDS + AT_ONCE_SECONDS)
                finally:
                    signal.signal(signal.SIGALRM, before)

    def test_releases_its_connection_when_it_is_given_up(self) -> None:
        http = httpx.Client(limits=httpx.Limits(max_connections=1), timeout=httpx.Timeout(5, pool=1))
        with silent_server(True) as url:
            client = Stowage(url, token="t", http=http, retries=0)
            for _ in range(3):
                events = client.follow(organization_id="o")
                self.close_soon(events)
                self.assertEqual(list(events), [])
                del events
                client.list_clusters(organization_id="o")

    async def test_ends_at_once_when_another_task_closes_it(self) -> None:
        for is_answering in (True, False):
            with self.subTest(is_answering=is_answering), silent_server(is_answering) as url:
                async with AsyncStowage(url, token="t") as client:
                    events = client.follow(organization_id="o")
                    asyncio.get_running_loop().call_later(SOON_SECONDS, events.close)
                    began = time.monotonic()
                    self.assertEqual([found async for found in events], [])
                    self.assertLess(time.monotonic() - began, SOON_SECONDS + AT_ONCE_SECONDS)

    async def test_ends_at_once_when_its_reader_is_cancelled(self) -> None:
        with silent_server(True) as url:
            async with AsyncStowage(url, token="t") as client:
                began = time.monotonic()
                with self.assertRaises(TimeoutError):
                    async with asyncio.timeout(SOON_SECONDS):
                        await anext(client.follow(organization_id="o"))
                self.assertLess(time.monotonic() - began, SOON_SECONDS + AT_ONCE_SECONDS)
