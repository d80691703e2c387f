"""When a dead worker is started again: at once, unless it dies again and again right after its start."""

from dataclasses import dataclass

from streams.exit_codes import is_final


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """How many quick deaths in a row are forgiven, and how long the pauses after them grow (seconds)."""

    quick_seconds: float = 5.0
    forgiven: int = 4
    first_pause: float = 0.5
    longest_pause: float = 30.0


@dataclass(frozen=True, slots=True)
class History:
    """What the policy remembers of one slot."""

    quick_deaths: int = 0


def after_death(
    policy: RestartPolicy, history: History, code: int, lived_seconds: float, on_purpose: bool = False
) -> tuple[float | None, History]:
    """The pause before the next start (0: at once; None: never), and the slot's new history.

    `code` is negative for death by a signal. A kill `on_purpose` (an operator's, a test's) is no defect.
    """
    if is_final(code):
        return None, History()
    if on_purpose or lived_seconds >= policy.quick_seconds:
        return 0.0, History()
    deaths = history.quick_deaths + 1
    doublings = deaths - policy.forgiven - 1
    if doublings < 0:
        return 0.0, History(deaths)
    return min(policy.longest_pause, policy.first_pause * 2.0 ** min(doublings, 30)), History(deaths)
