"""The local stack for the time of the demo: taken as it is where it runs, else started, and stopped again."""

from contextlib import ExitStack

from streams.cli.stack_display import progress
from streams.demo.screen import Screen
from streams.mistake import UserMistake
from streams.settings import Settings
from streams.stack import lifecycle


def local_stack(settings: Settings, screen: Screen, cleanup: ExitStack) -> None:
    """Has Kafka and the registry running; what was not is stopped again by `cleanup`. Raises UserMistake."""
    check_local(settings)
    before = {state.name for state in lifecycle.status(settings) if state.running}
    if not before:
        cleanup.callback(stop, settings, screen)
    with progress(screen.console) as report:
        lifecycle.up(settings, report)
    screen.say("Kafka and the schema registry run" + (" already, and stay" if before else ""))


def stop(settings: Settings, screen: Screen) -> None:
    """Stops what the demo started."""
    with screen.step("Kafka and the registry stop; their data stays"):
        lifecycle.down(settings)


def check_local(settings: Settings) -> None:
    """Raises UserMistake where the settings point at another cluster: nobody wants demo traffic there by accident."""
    here = {f"{host}:{settings.stack.kafka_port}" for host in ("localhost", "127.0.0.1")}
    if settings.kafka.bootstrap_servers not in here:
        raise UserMistake(
            f"the demo runs on the local stack, and kafka.bootstrap_servers is {settings.kafka.bootstrap_servers}: "
            f"leave it out, or set it to localhost:{settings.stack.kafka_port}"
        )
