"""What a worker refuses before it starts."""

from typing import Any

import pytest

from schemas.errors import Misconfigured
from streams import app
from streams.settings import LaneSettings, Settings
from streams.slots import Slot


@pytest.mark.parametrize(
    ("lanes", "message"),
    [
        ({"echo": LaneSettings(requests=("same",), results="same")}, "would read what it writes, same"),
        ({"echo": LaneSettings(group="one"), "embed": LaneSettings(group="one")}, "echo and embed have one group"),
        ({"echo": LaneSettings(results="a topic")}, "lane echo: .*a topic"),
    ],
)
def test_lanes_whose_topics_or_groups_clash_do_not_run(
    lanes: dict[str, LaneSettings], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Any] = []
    monkeypatch.setattr(app, "run_lanes", lambda *arguments: ran.append(arguments))
    with pytest.raises(Misconfigured, match=message):
        app.run(Settings(lanes=lanes), ["echo", "embed"], Slot(0, "a test"), leave=False)
    assert not ran
    app.run(Settings(), ["echo", "embed"], Slot(0, "a test"), leave=False)
    assert len(ran) == 1
