"""What must be known before a micro-batch is answered: reply topics, and answers that lie in the log."""

import asyncio
from collections.abc import Sequence

from streams.directory import Directory
from streams.entry import Entry
from streams.recall import Recall


class Lookup:
    """Asks for what a lane's entries need: an awaitable call that `Processing` makes of each micro-batch."""

    def __init__(self, directory: Directory, recall: Recall) -> None:
        self._directory, self._recall = directory, recall

    async def __call__(self, entries: Sequence[Entry]) -> None:
        """Which reply topics are there, and the large answers that repeats get again; one that is gone is inferred."""
        await self._directory.learn({entry.envelope.reply_to for entry in entries if entry.envelope.reply_to})
        for entry in entries:
            replay = entry.replay
            if replay is not None and replay.value is None and replay.location is not None:
                value = await asyncio.to_thread(self._recall.fetch, replay.location)
                entry.replay = None
                if value is not None:
                    entry.repeat(value)
