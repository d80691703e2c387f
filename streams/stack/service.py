"""Programs that outlive the command that started them: start, find again, stop.

The table of processes is the truth. A service carries its name, directory and port as arguments on its own command
line, so nothing goes stale: no pid file can name a process that took over the number, and none can be lost.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

NAME, DIRECTORY, PORT = "-Dsluicegate.service=", "-Dsluicegate.directory=", "-Dsluicegate.port="
SECURE = "-Dsluicegate.secure=true"


@dataclass(frozen=True, slots=True)
class Service:
    """A program to run: `command` holds the program, then its arguments, `marks` among them."""

    name: str
    port: int
    command: tuple[str, ...]
    environment: Mapping[str, str]
    output: Path


@dataclass(frozen=True, slots=True)
class Running:
    """A service that runs; `since` is in seconds since 1970; `secure`: with TLS and log-ins."""

    name: str
    port: int
    process: psutil.Process
    secure: bool = False

    @property
    def pid(self) -> int:
        """Its process id."""
        return int(self.process.pid)

    @property
    def since(self) -> float:
        """When its process began."""
        return float(self.process.create_time())

    def is_alive(self) -> bool:
        """Whether its process still runs; one that ended and was not yet waited for does not."""
        try:
            return bool(self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False


def marks(name: str, directory: Path, port: int, secure: bool = False) -> tuple[str, ...]:
    """The arguments by which a service is known."""
    return f"{NAME}{name}", f"{DIRECTORY}{directory}", f"{PORT}{port}", *([SECURE] if secure else [])


def start(service: Service) -> Running:
    """Start the program in a session of its own, its output in a file; returns at once."""
    opened = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(service.output), opened, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    environment = {**os.environ, **service.environment}
    pid = os.posix_spawn(service.command[0], service.command, environment, file_actions=actions, setsid=True)
    return Running(service.name, service.port, psutil.Process(pid), SECURE in service.command)


def find(name: str, directory: Path) -> Running | None:
    """The running service of this name and directory, whoever started it."""
    for process in psutil.process_iter(["cmdline"]):
        arguments = process.info["cmdline"] or ()
        if f"{NAME}{name}" in arguments and f"{DIRECTORY}{directory}" in arguments:
            port = next(argument.removeprefix(PORT) for argument in arguments if argument.startswith(PORT))
            running = Running(name, int(port), process, SECURE in arguments)
            if running.is_alive():
                return running
    return None


def stop(running: Running, grace: float) -> bool:
    """Ask it to end, kill it after `grace` seconds; blocks until it is gone. Whether it ended by itself."""
    try:
        running.process.terminate()
        running.process.wait(grace)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        running.process.kill()
        running.process.wait(grace)
        return False
    return True
