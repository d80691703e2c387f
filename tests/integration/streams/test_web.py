"""The pages on Faust's real web server, in an app without Kafka."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from streams.app import WorkerApp
from streams.observability.health import Health, LaneState, judge
from streams.observability.metrics import Instruments, LaneMetrics
from streams.observability.web import PortTaken, serve_pages, web_options
from streams.settings import WorkerSettings


class Served:
    """A started app with the pages, and the lane that they tell of."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.lane = LaneState("echo", {"connected": True})
        self.instruments = Instruments()
        settings = WorkerSettings(web_port=port)
        options = web_options(settings)
        self.app = WorkerApp("pages", broker="kafka://127.0.0.1:1", store="memory://", datadir=str(folder), **options)
        self.server = serve_pages(self.app, settings, self.health, self.instruments)

    def health(self) -> Health:
        return judge(time.monotonic(), 60.0, [self.lane])

    async def get(self, path: str) -> tuple[int, str, str]:
        url = f"http://127.0.0.1:{self.server.served_port}{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return response.status, response.headers["content-type"], await response.text()


@pytest_asyncio.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    made = Served(tmp_path)
    await made.app.start()
    yield made
    await made.app.stop()


async def test_a_healthy_worker_answers_200_in_json(served: Served) -> None:
    status, kind, text = await served.get("/health")
    assert (status, kind.split(";")[0]) == (200, "application/json")
    assert '"live":true' in text.replace(" ", "")


async def test_a_worker_that_is_not_ready_is_live_and_no_more(served: Served) -> None:
    served.lane = LaneState("echo", {"connected": False})
    answers = {path: (await served.get(path))[0] for path in ("/health", "/health/live", "/health/ready")}
    assert answers == {"/health": 503, "/health/live": 200, "/health/ready": 503}


async def test_a_stalled_worker_is_not_live_and_says_why(served: Served) -> None:
    served.lane = LaneState("echo", {"connected": True}, oldest_unsettled=time.monotonic() - 61)
    status, _, text = await served.get("/health/live")
    assert status == 503
    assert "the oldest record is unsettled for 61 s" in text


async def test_the_metrics_are_in_prometheus_text_format(served: Served) -> None:
    LaneMetrics("echo", served.instruments).transaction(512, 100_000, 0.005)
    status, kind, text = await served.get("/metrics")
    assert (status, kind.split(";")[0]) == (200, "text/plain")
    names = {family.name for family in text_string_to_metric_families(text)}
    assert {"sluicegate_transaction_bytes", "sluicegate_process_cpu_seconds"} <= names


async def test_fausts_own_pages_about_routers_and_tables_are_not_there(served: Served) -> None:
    for path in ("/router/", "/table/", "/table/x/y/"):
        assert (await served.get(path))[0] == 404


async def test_before_the_start_there_is_no_port(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="has not started"):
        _ = Served(tmp_path).server.served_port


async def test_a_port_in_use_is_told_with_the_cure(served: Served, tmp_path: Path) -> None:
    port = served.server.served_port
    second = Served(tmp_path / "second", port)
    with pytest.raises(PortTaken, match=f"web port {port} on 127.0.0.1 .* --web-port"):
        await second.app.start()
    await second.app.stop()
