"""A worker that the cluster does not let in says so and ends: its lanes would only wait for answers without end."""

import threading
from collections.abc import Callable

from streams.client.errors import LoginRefused
from streams.client.login import check_login
from streams.settings import Settings

AGAIN_SECONDS = 1.0


class LoginCheck(threading.Thread):
    """Asks the cluster once, beside the lanes' start; `on_refused` is called by this thread, with the reason."""

    def __init__(
        self, settings: Settings, on_refused: Callable[[str], object], check: Callable[[Settings], None] = check_login
    ) -> None:
        # A daemon: a cluster that is away must not hold up a worker that is told to end.
        super().__init__(name="login-check", daemon=True)
        self._settings, self._on_refused, self._check = settings, on_refused, check

    def run(self) -> None:
        """Asks, and asks again: a cluster on its way up may refuse what it takes a moment later."""
        refused = self._refused()
        if refused is None:
            return
        threading.Event().wait(AGAIN_SECONDS)
        refused = self._refused()
        if refused is not None:
            self._on_refused(refused)

    def _refused(self) -> str | None:
        try:
            self._check(self._settings)
        except LoginRefused as refused:
            return str(refused)
        return None
