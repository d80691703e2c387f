"""Another process gets a site's settings by its environment."""

import pytest

from streams.proof.site import environment
from streams.settings import KafkaSettings, LaneSettings, Settings


def test_settings_come_back_from_their_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        kafka=KafkaSettings(bootstrap_servers="here:1"),
        lanes={"echo": LaneSettings(group="own")},
        dead_letters="letters",
    )
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings
