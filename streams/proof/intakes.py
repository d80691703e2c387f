"""What a proof of sagas asks for: document-intakes of which is known how they may end, and why."""

import json
from base64 import b64encode
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from sagas.instance import Status

SAGA = "document-intake"
TENANTS = 8
PAUPER = "pauper"
LONG = 0.1
WORDS = [
    "a",
    "river",
    "takes",
    "the",
    "sluice",
    "that",
    "somebody",
    "opens",
    "at",
    "dawn",
    "and",
    "closes",
    "before",
    "the",
    "mill",
    "stands",
    "still",
]


class Case(StrEnum):
    """What is special about an intake."""

    PLAIN = "plain"
    NO_CREDIT = "no credit"
    BAD_IMAGE = "bad image"
    BLANK_TEXT = "blank text"
    EXISTS = "document exists"
    RELEASED = "credits released by another"
    CANCELLED = "cancelled under way"


SHARES = {
    Case.NO_CREDIT: 0.10,
    Case.BAD_IMAGE: 0.08,
    Case.BLANK_TEXT: 0.06,
    Case.EXISTS: 0.06,
    Case.RELEASED: 0.08,
    Case.CANCELLED: 0.08,
}
EITHER = (Case.RELEASED, Case.CANCELLED)
"""They race with the saga; how they end is told by the answers to those who meddled."""


@dataclass(frozen=True, slots=True)
class Intake:
    """One saga to be."""

    document_id: str
    case: Case
    tenant: str
    text: str
    image: bytes

    @property
    def credits(self) -> int:
        """What it costs: a credit for every thousand characters begun."""
        return 1 + len(self.text) // 1_000

    @property
    def message(self) -> bytes:
        """The start message."""
        image = b64encode(self.image).decode()
        return json.dumps(
            {"document_id": self.document_id, "tenant": self.tenant, "text": self.text, "image": image}
        ).encode()

    @property
    def ends(self) -> frozenset[Status]:
        """How it may end."""
        if self.case in EITHER:
            return frozenset((Status.COMPLETED, Status.COMPENSATED))
        return frozenset((Status.COMPLETED if self.case is Case.PLAIN else Status.COMPENSATED,))


def intakes(count: int, random: Random) -> list[Intake]:
    """So many, each case with its share, in a random order."""
    cases = [case for case, share in SHARES.items() for _ in range(round(share * count))]
    cases += [Case.PLAIN] * (count - len(cases))
    random.shuffle(cases)
    return [one(number, case, random) for number, case in enumerate(cases)]


def one(number: int, case: Case, random: Random) -> Intake:
    """An intake of this case."""
    image = bytes(random.randrange(17) for _ in range(64))
    tenant = PAUPER if case is Case.NO_CREDIT else f"tenant-{random.randrange(TENANTS)}"
    words = random.randint(300, 500) if random.random() < LONG else random.randint(4, 12)
    text = " " if case is Case.BLANK_TEXT else " ".join(random.choice(WORDS) for _ in range(words))
    return Intake(f"document-{number}", case, tenant, text, image[:-1] + b"\xc8" if case is Case.BAD_IMAGE else image)


def grants(asked: list[Intake]) -> dict[str, int]:
    """What each tenant needs, if all of it completes; the pauper has no account."""
    needed: dict[str, int] = {}
    for intake in asked:
        if intake.tenant != PAUPER:
            needed[intake.tenant] = needed.get(intake.tenant, 0) + intake.credits
    return needed
