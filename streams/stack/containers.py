"""The local stack in containers, for machines with Docker and without Java: the same calls as for processes."""

import hashlib
import json
import subprocess
from typing import Any

from streams.mistake import UserMistake
from streams.settings import Settings
from streams.stack import compose, programs
from streams.stack.layout import Layout


def up(settings: Settings) -> None:
    """Have both containers running and healthy; blocks until they are.

    Raises UserMistake with what Docker said when that fails.
    """
    layout = Layout.of(settings.stack)
    layout.make()
    write(settings)
    run(settings, "up", "--detach", "--wait", "--wait-timeout", f"{settings.stack.start_seconds:.0f}")


def down(settings: Settings) -> list[str]:
    """Stop and remove both containers; their volume stays. The names of those that ran."""
    names = [row["Service"] for row in rows(settings)]
    if names:
        run(settings, "down")
    return names


def kill(settings: Settings, name: str) -> None:
    """kill -9 of what runs in one container."""
    run(settings, "kill", "--signal", "KILL", name)


def discard(settings: Settings) -> None:
    """Remove both containers and their volume."""
    write(settings)
    run(settings, "down", "--volumes", "--timeout", "1")


def rows(settings: Settings) -> list[dict[str, Any]]:
    """What Docker says of each running container."""
    write(settings)
    said = run(settings, "ps", "--format", "json").strip()
    if said.startswith("["):
        return list(json.loads(said))
    return [json.loads(line) for line in said.splitlines()]


def write(settings: Settings) -> None:
    """Write the compose document for these settings where `command` points."""
    layout = Layout.of(settings.stack)
    layout.make()
    (layout.root / "compose.json").write_text(json.dumps(compose.document(settings), indent=2))


def command(settings: Settings, *arguments: str) -> list[str]:
    """A docker compose command for the stack of this directory."""
    root = Layout.of(settings.stack).root
    project = "sluicegate-" + hashlib.sha256(str(root).encode()).hexdigest()[:8]
    return [programs.docker(), "compose", "--project-name", project, "--file", str(root / "compose.json"), *arguments]


def run(settings: Settings, *arguments: str) -> str:
    """Run docker compose; its standard output. Raises UserMistake with its last words when it fails."""
    done = subprocess.run(command(settings, *arguments), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or ["nothing"]
        raise UserMistake(f"docker compose {arguments[0]} failed: {said[-1]}")
    return done.stdout
