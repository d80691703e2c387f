from prometheus_client import generate_latest

from streams.demo.figures import LaneFigures, read
from streams.observability.metrics import Instruments, LaneMetrics


def page() -> str:
    made = Instruments()
    lane = LaneMetrics("embed", made)
    for size in (1, 3, 64):
        lane.batch_closed("size", size, 1.0)
    lane.transaction(68, 1_000, 0.01)
    lane.partitions(2)
    lane.lag("requests", 1, 0)
    lane.lag("requests", 3, 7)
    return generate_latest(made.registry).decode()


def test_a_workers_page_has_its_batches_and_partitions() -> None:
    figures = read(page())["embed"]
    assert (figures.batches, figures.mean_batch, figures.mean_transaction) == (3, 68 / 3, 68)
    assert {bound: count for bound, count in figures.sizes.items() if count} == {1.0: 1, 4.0: 1, 64.0: 1}
    assert (figures.owned, figures.reads) == (2, {1, 3})


def test_figures_of_several_workers_add_up() -> None:
    total = LaneFigures()
    for _ in range(2):
        total.add(read(page())["embed"])
    assert (total.batches, total.sizes[64.0], total.owned) == (6, 2, 4)


def test_there_is_no_average_of_nothing() -> None:
    assert LaneFigures().mean_batch is None
    assert LaneFigures().mean_transaction is None
