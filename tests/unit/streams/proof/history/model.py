"""Correct random histories: a log, its clients, an echo of it, and readers; the tests spoil them."""

from dataclasses import dataclass, field
from random import Random

from streams.proof.history.operations import Fate, History, Poll, Queue, Seen, Send, Sent, Spot

REQUESTS = [Queue("requests", 0), Queue("requests", 1)]
RESULTS = [Queue("results", 0), Queue("results", 1)]


@dataclass
class Model:
    """Two topics of two partitions; an offset without a record holds a marker, or was aborted."""

    random: Random
    logs: dict[Queue, list[Seen | None]] = field(default_factory=lambda: {one: [] for one in REQUESTS + RESULTS})
    sends: list[Send] = field(default_factory=list)
    polls: list[Poll] = field(default_factory=list)
    positions: dict[tuple[str, Queue], int] = field(default_factory=dict)
    answered: dict[Queue, int] = field(default_factory=lambda: dict.fromkeys(REQUESTS, 0))
    now: float = 0.0

    def tick(self) -> float:
        self.now += self.random.uniform(0.001, 1.0)
        return self.now

    def send(self) -> None:
        """One record or transaction; what is unknown may be there or not."""
        process, transaction = f"client-{self.random.randrange(3)}", self.random.random() < 0.5
        fate = self.random.choices([Fate.OK, Fate.FAIL, Fate.INFO], [6, 2, 1])[0]
        there = fate is Fate.OK or (fate is Fate.INFO and self.random.random() < 0.5)
        began = self.tick()
        sent = []
        for number in range(self.random.randint(1, 3) if transaction else 1):
            spot = self._append(f"value-{len(self.sends)}-{number}", there, transaction)
            sent.append(Sent(f"value-{len(self.sends)}-{number}", spot if fate is Fate.OK or transaction else None))
        committing = self.tick() if transaction and fate is not Fate.FAIL else None
        self.sends.append(Send(process, began, self.tick(), fate, tuple(sent), transaction, committing))

    def answer(self) -> None:
        """The lane goes on with one partition."""
        queue = self.random.choice(REQUESTS)
        while self.answered[queue] < len(self.logs[queue]):
            seen = self.logs[queue][self.answered[queue]]
            self.answered[queue] += 1
            if seen is not None:
                results = self.random.choice(RESULTS)
                self.logs[results].append(Seen(Spot(results, len(self.logs[results])), seen.value, seen.spot))
                if self.random.random() < 0.3:
                    self.logs[results].append(None)
                return

    def poll(self, process: str, moved: bool = False, most: int = 3) -> None:
        """A reader goes on, or anew from somewhere before where it was."""
        began, seen = self.tick(), []
        for queue, log in self.logs.items():
            line = (process, queue)
            if moved:
                self.positions[line] = self.random.randint(0, self.positions.get(line, 0))
            start = self.positions.get(line, 0)
            end = min(len(log), start + self.random.randint(0, most))
            seen += [one for one in log[start:end] if one is not None]
            self.positions[line] = end
        self.polls.append(Poll(process, began, self.tick(), tuple(seen), moved))

    def history(self) -> History:
        """All of it; first the lane finishes, and somebody reads everything."""
        while any(self.answered[queue] < len(self.logs[queue]) for queue in REQUESTS):
            self.answer()
        everything = tuple(seen for log in self.logs.values() for seen in log if seen is not None)
        last = Poll("afterwards", self.tick(), self.tick(), everything)
        return History(tuple(self.sends), (*self.polls, last))

    def _append(self, value: str, there: bool, transaction: bool) -> Spot:
        queue = self.random.choice(REQUESTS)
        log = self.logs[queue]
        spot = Spot(queue, len(log))
        if there or transaction:
            log.append(Seen(spot, value) if there else None)
        return spot


def model(random: Random, steps: int) -> History:
    """A correct history of so many steps."""
    made = Model(random)
    made.send()
    for _ in range(steps):
        random.choice(
            [
                made.send,
                made.answer,
                lambda: made.poll("always"),
                lambda: made.poll("member", moved=random.random() < 0.2),
            ]
        )()
    return made.history()
