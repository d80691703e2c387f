"""The supervisor's thread: orders workers when they are due, takes note of deaths, replaces a dead zygote."""

import os
import select
import threading
import time
from collections.abc import Callable

import structlog

from streams.crew import Crew
from streams.exit_codes import describe
from streams.restarts import RestartPolicy
from streams.seat import Seat
from streams.zygote_channel import Ended, Message, Order, Started
from streams.zygote_process import ZygoteFailed, ZygoteProcess

log = structlog.get_logger("supervisor")
KILLED = -9
ZYGOTE_PAUSE = 1.0


class Supervision:
    """The loop over one zygote and the seats; `changed` guards the seats and is notified of every change."""

    def __init__(
        self,
        launch: Callable[[], ZygoteProcess],
        seats: dict[int, Seat],
        changed: threading.Condition,
        policy: RestartPolicy,
        crew: Crew,
    ) -> None:
        self.launch, self.seats, self.changed, self.policy, self.crew = launch, seats, changed, policy, crew
        self.zygote: ZygoteProcess | None = launch()
        self.stopping = threading.Event()
        self.wakeup, self.alarm = os.pipe()
        self.thread = threading.Thread(target=self.run, name="supervisor", daemon=True)

    def start(self) -> None:
        """Starts the thread, which orders the first workers."""
        self.thread.start()

    def wake(self) -> None:
        """Makes the thread look at the seats now."""
        os.write(self.alarm, b"!")

    def stop(self) -> None:
        """Ends the thread and the zygote, and with the zygote what workers are left."""
        self.stopping.set()
        self.wake()
        self.thread.join()
        if self.zygote is not None:
            self.zygote.end()
        os.close(self.wakeup)
        os.close(self.alarm)

    def run(self) -> None:
        """The thread's loop."""
        while not self.stopping.is_set():
            if self.zygote is None:
                self.replace_zygote()
                continue
            try:
                self.step(self.zygote)
            except BrokenPipeError:
                self.lost_zygote()

    def step(self, zygote: ZygoteProcess) -> None:
        """Orders what is due, then waits for a message, a wake-up or the next due time."""
        pause = self.order_due(zygote, time.monotonic())
        readable, _, _ = select.select([zygote.channel.fileno(), self.wakeup], [], [], pause)
        if self.wakeup in readable:
            os.read(self.wakeup, 4096)
        if zygote.channel.fileno() in readable:
            message = zygote.channel.receive()
            if message is None:
                self.lost_zygote()
            else:
                self.take_note(message, time.monotonic())

    def order_due(self, zygote: ZygoteProcess, now: float) -> float | None:
        """Orders every worker that is due; the seconds until the next one, or None."""
        with self.changed:
            for number, seat in self.seats.items():
                if seat.due is not None and seat.due <= now:
                    seat.order(now)
                    zygote.channel.send(self.order_for(number, seat))
            later = [seat.due - now for seat in self.seats.values() if seat.due is not None]
            return min(later, default=None)

    def order_for(self, number: int, seat: Seat) -> Order:
        """What the zygote is told to fork."""
        return Order(
            slot=number,
            entry=self.crew.entry,
            log=str(self.crew.log_of(number).absolute()),
            arguments=self.crew.call(number),
            environment={**self.crew.environment, **seat.environment},
        )

    def take_note(self, message: Message, now: float) -> None:
        """A worker started or ended."""
        with self.changed:
            if isinstance(message, Started):
                self.seats[message.slot].arrived(message.pid)
                log.info("worker started", slot=message.slot, pid=message.pid)
            elif isinstance(message, Ended):
                self.note_end(message, now)
            self.changed.notify_all()

    def note_end(self, message: Ended, now: float) -> None:
        """A worker is dead; its seat decides on the next one."""
        for number, seat in self.seats.items():
            if seat.pid == message.pid:
                seat.ended(message.code, now, self.policy)
                pause = None if seat.due is None else round(seat.due - now, 3)
                how = describe(message.code)
                log.info(
                    "worker ended",
                    slot=number,
                    pid=message.pid,
                    how=how,
                    starts_again_in=pause,
                )

    def lost_zygote(self) -> None:
        """The zygote died, and the kernel killed its workers with it."""
        log.warning("the workers' parent process died; starting another")
        if self.zygote is not None:
            self.zygote.end()
            self.zygote = None
        with self.changed:
            now = time.monotonic()
            for seat in self.seats.values():
                if seat.pid is not None or seat.ordered:
                    seat.ended(KILLED, now, self.policy)
            self.changed.notify_all()

    def replace_zygote(self) -> None:
        """Starts another zygote; after a failure, waits a moment for the next try."""
        try:
            self.zygote = self.launch()
        except ZygoteFailed as failure:
            log.error("no parent process for the workers", error=str(failure))
            self.stopping.wait(ZYGOTE_PAUSE)
