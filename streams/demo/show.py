"""The demo from beginning to end; whatever it started is stopped again, however it ends."""

import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from uuid import uuid4

from schemas.errors import SluicegateError
from streams.binding import bind
from streams.client.reading import TopicReader
from streams.client.spans import Place
from streams.demo import model
from streams.demo.demo_thread import DemoThread
from streams.demo.picture import Scene
from streams.demo.proof import Answer, Log, judge
from streams.demo.screen import Screen
from streams.demo.sender import Sending
from streams.demo.stack import local_stack
from streams.demo.summary import Summary
from streams.demo.tally import Tally
from streams.demo.watcher import Watcher
from streams.demo.work import DIGITS, EMBED, Work, prepare
from streams.demo.workers import LANES, Workers
from streams.provisioning.plan import plan_for
from streams.provisioning.provision import provision
from streams.settings import Settings

READY_SECONDS = 120.0
STALL_SECONDS = 60.0
LOOK_SECONDS = 0.1
NEIGHBOURS = 3


class DemoFailed(SluicegateError):
    """The demo could not be carried to its end."""


def run(settings: Settings, screen: Screen, texts: int) -> Summary:
    """Runs the demo; blocks for a minute or so. Raises DemoFailed, UserMistake and what clients raise."""
    with interruptible(), ExitStack() as cleanup:
        try:
            local_stack(settings, screen, cleanup)
            workers, work = begin(settings, screen, texts, cleanup)
            return perform(settings, screen, workers, work, cleanup)
        finally:
            ignore_interrupts()


def begin(settings: Settings, screen: Screen, texts: int, cleanup: ExitStack) -> tuple[Workers, Work]:
    """Topics, workers that serve, and the requests to send."""
    with screen.step("topics and schemas"):
        provision(settings, plan_for(settings, LANES))
    workers = Workers(settings)
    cleanup.callback(tidy, workers, screen)
    with screen.step("two workers, supervised, each with the lanes digits and embed"):
        workers.begin()
    with screen.step(f"899 digits that the model never saw, {texts:,} sentences of Python's documentation"):
        work = prepare(f"demo-{uuid4().hex[:8]}", texts)
    with screen.step("models are loaded, partitions shared out"):
        wait_ready(workers)
    return workers, work


def perform(settings: Settings, screen: Screen, workers: Workers, work: Work, cleanup: ExitStack) -> Summary:
    """Traffic, a kill, and the proof."""
    results = {bind(settings, name).results: name for name in LANES}
    requests = [bind(settings, name).requests[0] for name in LANES]
    starts = positions(settings, [*requests, *results])
    tally = Tally(work.totals, time.monotonic())
    watcher = Watcher(settings, {p: o for p, o in starts.items() if p[0] in results}, results, work.run, tally)
    sending = Sending(settings, work, tally)
    for thread in (watcher, sending):
        cleanup.callback(thread.stop)
        thread.start()
    kill = follow(screen, workers, tally, watcher, sending)
    traffic_seconds = time.monotonic() - tally.begin
    watcher.stop()
    figures = {name: workers.figures(name) for name in LANES}
    restarts = sum(workers.supervisor.restarts().values())
    with screen.step("the log is read anew, from its beginning"):
        log = Log(settings, starts, work.run)
        answers = log.answers(results)
        verdict = judge((job.request_id for job in work.jobs), log.requests(requests), answers)
        unseen = log.written(results) - len(answers)
    with screen.step("the same digits, by the model directly"):
        labels = model.call_directly(settings, work.digits)
    by_id = {answer.request_id: answer for answer in answers}
    return Summary(
        run=work.run,
        seconds=screen.seconds,
        traffic_seconds=traffic_seconds,
        verdict=verdict,
        accuracy=model.compare(work.labels, [label(by_id.get(job.request_id)) for job in work.digits], labels),
        neighbours=neighbours(work, by_id),
        gaps={name: tally.gap(name, kill.partitions[name], kill.moment) for name in LANES},
        unseen=unseen,
        figures=figures,
        restarts=restarts,
    )


@dataclass(slots=True)
class Kill:
    """The kill of a worker: its slot and process, when (monotonic seconds), which partitions it read, by lane."""

    slot: int
    pid: int
    moment: float
    partitions: Mapping[str, set[int]]
    over: bool = False


def follow(screen: Screen, workers: Workers, tally: Tally, watcher: Watcher, sending: Sending) -> Kill:
    """Shows the traffic until all is answered, and kills a worker on the way."""
    scene, kill = Scene(tally), None
    answered, moved = 0, time.monotonic()
    with screen.showing(scene):
        while not tally.done:
            threading.Event().wait(LOOK_SECONDS)
            check(watcher, sending)
            scene.looks = workers.looks
            scene.figures = {name: workers.figures(name) for name in LANES}
            if kill is None and in_the_middle(tally):
                kill = kill_one(workers, screen)
                scene.killed_at = kill.moment
            elif kill is not None and not kill.over:
                note_return(kill, workers, screen)
            if tally.all_answered > answered:
                answered, moved = tally.all_answered, time.monotonic()
            if time.monotonic() - moved > STALL_SECONDS:
                raise DemoFailed(f"no result for {STALL_SECONDS:g} s, {answered:,} came before; see {workers.logs()}")
            screen.look()
    if kill is None:
        raise DemoFailed("everything was answered before a worker could be killed; give it more with --sentences")
    return kill


def kill_one(workers: Workers, screen: Screen) -> Kill:
    """kill -9 of the worker in the lowest slot."""
    slot = workers.supervisor.slots()[0]
    pid = workers.supervisor.kill(slot)
    if pid is None:
        raise DemoFailed(f"worker {slot} had died before it was killed; see {workers.supervisor.log_of(slot)}")
    screen.say(f"kill -9 of worker {slot}, process {pid}", "red")
    return Kill(slot, pid, time.monotonic(), workers.partitions(pid))


def note_return(kill: Kill, workers: Workers, screen: Screen) -> None:
    """Tells once that the dead worker's successor serves."""
    look = workers.looks[kill.slot]
    if look.ready and look.pid not in (None, kill.pid):
        kill.over = True
        screen.say(f"worker {kill.slot} is back and ready, as process {look.pid}", "green")


def in_the_middle(tally: Tally) -> bool:
    """Whether it is time to kill: both lanes are under way, and one is near its middle."""
    shares = [tally.share(name) for name in (DIGITS, EMBED)]
    return min(shares) >= 0.05 and max(shares) >= 0.35


def check(*threads: DemoThread) -> None:
    """Raises what ended one of the threads."""
    for thread in threads:
        if thread.problem is not None:
            raise thread.problem


def wait_ready(workers: Workers) -> None:
    """Blocks until both workers serve. Raises DemoFailed."""
    deadline = time.monotonic() + READY_SECONDS
    while not workers.ready:
        if workers.supervisor.wait(0.2):
            raise DemoFailed(f"the workers ended as they started: {workers.supervisor.codes()}; see {workers.logs()}")
        if time.monotonic() > deadline:
            raise DemoFailed(f"the workers were not ready after {READY_SECONDS:g} s; see {workers.logs()}")


def positions(settings: Settings, topics: Sequence[str]) -> dict[Place, int]:
    """Where each partition of these topics ends now."""
    reader = TopicReader(settings, "demo")
    return reader.latest(reader.partitions(topics))


def neighbours(work: Work, by_id: dict[str, Answer]) -> dict[str, list[model.Neighbour]]:
    """The nearest sentences to each question, of those that were answered."""
    embedded = [job for job in work.texts if embedding(by_id.get(job.request_id))]
    asked = [job for job in work.questions if embedding(by_id.get(job.request_id))]
    if not embedded:
        return {}
    texts = [str(job.record["text"]) for job in embedded]
    known = model.matrix([by_id[job.request_id].record["embedding"] for job in embedded])
    return {
        str(job.record["text"]): model.nearest(by_id[job.request_id].record["embedding"], texts, known, NEIGHBOURS)
        for job in asked
    }


def label(answer: Answer | None) -> int | None:
    """The label of an answer, if there is one."""
    return None if answer is None else answer.record["label"]


def embedding(answer: Answer | None) -> bool:
    """Whether there is an embedding."""
    return answer is not None and answer.record["embedding"] is not None


def tidy(workers: Workers, screen: Screen) -> None:
    """Stops the workers."""
    with screen.step("workers stop"):
        workers.end()


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM ends the block as Control-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore_interrupts() -> None:
    """Cleaning up is not to be interrupted."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
