from streams.binding import bind
from streams.settings import LaneSettings, Settings


def test_a_lane_that_nobody_set_has_the_default_names() -> None:
    binding = bind(Settings(), "echo")
    assert binding.requests == ("sluicegate.echo.requests",)
    assert binding.results == "sluicegate.echo.results"
    assert binding.group == "sluicegate.echo"
    assert binding.repeats == "sluicegate.echo.repeats"
    assert binding.state == "sluicegate.echo.state"
    assert binding.dead_letters == "sluicegate.dead-letters"


def test_a_lane_is_bound_to_existing_topics() -> None:
    lane = LaneSettings(requests=("orders", "returns"), results="scores", group="scoring")
    binding = bind(Settings(lanes={"digits": lane}, dead_letters="graveyard"), "digits")
    assert binding.requests == ("orders", "returns")
    assert (binding.results, binding.group) == ("scores", "scoring")
    assert (binding.repeats, binding.state) == ("scoring.repeats", "scoring.state")
    assert binding.dead_letters == "graveyard"
