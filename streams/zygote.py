"""The process that workers are forked from: it has imported everything, and started nothing.

Importing Faust, librdkafka and the rest takes a second or more; a fork of a process that has them takes
milliseconds. The zygote has one thread and no librdkafka handle, so that a fork of it is sound. It talks with
the supervisor over one socket (see `streams.zygote_channel`), forks a worker for each order, and reports each
death. When the socket closes, the supervisor is gone: the zygote ends, and the kernel kills its workers too.
"""

import gc
import importlib
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from streams.cli.errors import told
from streams.parent_death import die_with_parent
from streams.zygote_channel import Channel, Ended, Order, Ready, Started


class Zygote:
    """The loop that forks and reaps. Single-threaded; blocks in `serve`."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.workers: set[int] = set()
        self.wakeup, self.alarm = os.pipe()
        os.set_blocking(self.wakeup, False)
        os.set_blocking(self.alarm, False)

    def serve(self) -> None:
        """Forks workers and reports their ends until the supervisor is gone."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.alarm)
        self.channel.send(Ready(threads=len(list(Path("/proc/self/task").iterdir()))))
        while True:
            readable, _, _ = select.select([self.channel.fileno(), self.wakeup], [], [])
            if self.wakeup in readable:
                os.read(self.wakeup, 4096)
                self.reap()
            if self.channel.fileno() in readable:
                order = self.channel.receive()
                if order is None:
                    self.end_workers()
                    return
                assert isinstance(order, Order)
                self.fork(order)

    def reap(self) -> None:
        """Reports every worker that ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.workers.discard(pid)
            self.channel.send(Ended(pid=pid, code=os.waitstatus_to_exitcode(status)))

    def fork(self, order: Order) -> None:
        """Makes one worker. In the worker this never returns."""
        zygote = os.getpid()
        pid = os.fork()
        if pid == 0:
            self.leave(zygote)
            become(order)
        self.workers.add(pid)
        self.channel.send(Started(slot=order.slot, pid=pid))

    def end_workers(self) -> None:
        """Kills what is left; where the kernel does so too, it comes to the same."""
        for pid in self.workers:
            os.kill(pid, signal.SIGKILL)

    def leave(self, zygote: int) -> None:
        """In the new worker: undo what the zygote set up for itself."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        die_with_parent(zygote)
        self.channel.close()
        os.close(self.wakeup)
        os.close(self.alarm)


def become(order: Order) -> None:
    """Turns this freshly forked process into the worker, runs it, and ends the process with its exit code."""
    code = 1
    try:
        redirect(Path(order.log))
        os.environ.update(order.environment)
        reread_environment()
        module, _, function = order.entry.partition(":")
        with told():
            code = int(getattr(importlib.import_module(module), function)(**order.arguments) or 0)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        for stream in (sys.stdout, sys.stderr):
            # A full disk: an error here would leave a child that goes on as its parent.
            with suppress(OSError):
                stream.flush()
        os._exit(code)


def redirect(log: Path) -> None:
    """Sends standard output and error to the worker's log file, line by line."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(line_buffering=True)


def reread_environment() -> None:
    """What was read from the environment when it was imported is read again for this worker."""
    if "streams.settings" in sys.modules:
        sys.modules["streams.settings"].load.cache_clear()
    if "streams.failpoints" in sys.modules:
        importlib.reload(sys.modules["streams.failpoints"])


def main(arguments: list[str]) -> None:
    """`python -m streams.zygote <socket descriptor> <module to import, or module:function to call>...`"""
    channel = Channel(socket.socket(fileno=int(arguments[0])))
    for name in arguments[1:]:
        module, _, function = name.partition(":")
        imported = importlib.import_module(module)
        if function:
            getattr(imported, function)()
    # A frozen heap is not written to by the collector: the workers go on sharing its pages.
    gc.collect()
    gc.freeze()
    Zygote(channel).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
