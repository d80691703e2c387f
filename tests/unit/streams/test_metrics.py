from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from streams.observability import catalogue
from streams.observability.catalogue import CATALOGUE, Metric, table
from streams.observability.metrics import Instruments, LaneMetrics

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "metrics.md"
SOURCES = [path for path in (ROOT / "streams").rglob("*.py") if path.parent.name != "observability"]


def samples(instruments: Instruments) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(generate_latest(instruments.registry).decode())
    return {
        (sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_every_metric_of_the_catalogue_is_touched_by_a_lane_and_shown() -> None:
    instruments = Instruments()
    lane = LaneMetrics("echo", instruments)
    instruments.worker(3, "0.1.0")
    lane.batch_closed("size", 64, 640)
    lane.queue_seconds(0.002)
    lane.compute_seconds(0.001)
    lane.outcomes("COMPLETED", 63)
    lane.transaction(64, 12_800, 0.005)
    lane.abort("revoked")
    lane.producer_renewed()
    lane.pause()
    lane.lag("requests", 0, 17)
    lane.partitions(4, 1, 2)
    lane.unsettled_age(lambda: 1.5)
    lane.repeats("replayed", 2)
    lane.evictions(5)
    lane.dead_letters(1)
    lane.timers_fired(2, 0.01)
    lane.timers_pinned(1)
    lane.host_restarts(1)
    sagas = LaneMetrics("sagas", instruments)
    sagas.counted({(catalogue.SAGA_TRANSITIONS.name,): 5, (catalogue.SAGAS_STARTED.name, "order"): 2})
    sagas.counted({(catalogue.SAGAS_ENDED.name, "order", "COMPENSATED"): 1})
    sagas.parked(3)
    shown = samples(instruments)
    names = {name for name, *_ in shown}
    for metric in CATALOGUE:
        assert metric.name in names or f"{metric.name}_count" in names, metric
    assert shown["sluicegate_batches_total", "lane=echo", "reason=size"] == 1
    assert shown["sluicegate_batch_records_sum", "lane=echo"] == 64
    assert shown["sluicegate_outcomes_total", "code=COMPLETED", "lane=echo"] == 63
    assert shown["sluicegate_transaction_bytes_total", "lane=echo"] == 12_800
    assert shown["sluicegate_paused", "lane=echo"] == 1
    assert shown["sluicegate_partitions_waiting", "lane=echo"] == 2
    assert shown["sluicegate_lag_records", "lane=echo", "partition=0", "topic=requests"] == 17
    assert shown["sluicegate_unsettled_age_seconds", "lane=echo"] == 1.5
    assert shown["sluicegate_partitions_stopped", "lane=echo"] == 1
    assert shown["sluicegate_worker_info", "slot=3", "version=0.1.0"] == 1
    assert shown["sluicegate_saga_transitions_total", "lane=sagas"] == 5
    assert shown["sluicegate_sagas_started_total", "lane=sagas", "saga=order"] == 2
    assert shown["sluicegate_sagas_ended_total", "lane=sagas", "saga=order", "status=COMPENSATED"] == 1
    assert shown["sluicegate_sagas_parked", "lane=sagas"] == 3


def test_a_lane_with_room_again_is_not_paused_and_a_lost_partition_shows_no_lag() -> None:
    instruments = Instruments()
    lane = LaneMetrics("echo", instruments)
    lane.pause()
    lane.resume()
    lane.lag("requests", 0, 17)
    lane.forget_partition("requests", 0)
    lane.forget_partition("requests", 1)
    shown = samples(instruments)
    assert shown["sluicegate_paused", "lane=echo"] == 0
    assert not any(name == "sluicegate_lag_records" for name, *_ in shown)


@pytest.mark.parametrize("name", [name for name in vars(LaneMetrics) if not name.startswith("_")])
def test_every_metric_is_fed_by_a_worker(name: str) -> None:
    assert any(f"metrics.{name}(" in path.read_text() for path in SOURCES), f"nobody calls LaneMetrics.{name}"


def test_lanes_count_apart() -> None:
    instruments = Instruments()
    LaneMetrics("echo", instruments).abort("revoked")
    LaneMetrics("digits", instruments).abort("revoked")
    assert samples(instruments)["sluicegate_aborts_total", "cause=revoked", "lane=digits"] == 1


def test_names_say_unit_and_kind() -> None:
    for metric in CATALOGUE:
        assert metric.name.startswith("sluicegate_")
        assert metric.name.endswith("_total") == (metric.kind == "counter"), metric
        assert bool(metric.buckets) == (metric.kind == "histogram"), metric
        assert metric.meaning.endswith(".")
    assert len({metric.name for metric in CATALOGUE}) == len(CATALOGUE)


def test_the_catalogue_lists_every_metric_of_the_module() -> None:
    assert {id(value) for value in vars(catalogue).values() if isinstance(value, Metric)} == set(map(id, CATALOGUE))


def test_the_page_in_the_documentation_is_the_catalogue() -> None:
    assert table() in PAGE.read_text()
