"""The model: each language has words that nearly every sentence of it needs; the language with most of them wins."""

from collections.abc import Mapping, Sequence
from typing import Any

from processors.contract import Bucket, Processor
from schemas.outcome import Completed

WORDS = {
    "de": "der die das und ist nicht ein eine ich es mit auf für von zu den dem sich auch",
    "en": "the and is not a an of to in it with on for this that you was are be",
    "es": "el la los las y es no un una de que en con por para se lo como",
    "fr": "le la les et est ne pas un une de que dans avec pour sur ce il je des",
    "it": "il lo gli e è non un una di che in con per si le come sono",
}


class Language(Processor):
    """Answers with the language and the share of the text's words that speak for it."""

    def load(self) -> None:
        """A model with weights would read them here; this one's are above."""
        self.words = {language: frozenset(words.split()) for language, words in WORDS.items()}

    def prepare(self, batch: Sequence[Mapping[str, Any]]) -> list[Bucket]:
        """One bucket: all texts, cut into words."""
        return [Bucket(range(len(batch)), [record["text"].lower().split() for record in batch])]

    def compute(self, bucket: Bucket) -> list[tuple[str, float]]:
        """The best language of each text."""
        return [self._best(words) for words in bucket.inputs]

    def finish(self, bucket: Bucket, computed: Sequence[tuple[str, float]]) -> list[Completed]:
        """One outcome for each record, with the fields that the result schema has."""
        return [Completed({"language": language, "confidence": share}) for language, share in computed]

    def _best(self, words: Sequence[str]) -> tuple[str, float]:
        counts = {language: sum(word in known for word in words) for language, known in self.words.items()}
        best = max(counts, key=counts.__getitem__)
        return best, counts[best] / max(1, len(words))
