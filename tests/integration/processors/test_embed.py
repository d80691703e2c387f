"""The embedding model: as the reference implementation, whatever bucket a text is in, and through its host."""

import os
import random
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from processors import manifest
from processors.catalogue import find
from processors.contract import DeviceSettings
from processors.embed.processor import FOLDER, Embed
from processors.runners import runner_for
from schemas.outcome import Completed

CPU = DeviceSettings(device="cpu", threads=2)
Floats = npt.NDArray[np.float32]
TEXTS = [
    "A cat sits on the mat.",
    "A small cat is sitting on a rug.",
    "The stock market fell sharply on Tuesday.",
    "a",
    "漢字 and é, ü, ñ in one line\nand another",
    "\x00\x01 \u200b",
    "words of a longer sentence that goes on " * 5,
    "far beyond what the model reads " * 200,
]


@cache
def embed() -> Embed:
    processor = Embed(CPU)
    processor.load()
    return processor


def embedded(processor: Embed, texts: Sequence[str]) -> Floats:
    floats = np.zeros((len(texts), 384), np.float32)
    for bucket in processor.prepare(texts):
        floats[list(bucket.rows)] = processor.finish(bucket, processor.compute(bucket)).floats
    return floats


def reference(texts: Sequence[str]) -> Floats:
    """BertModel of transformers, padded to the longest, averaged over the tokens, normalised."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    from transformers import AutoTokenizer, BertModel

    folder = manifest.files_folder(manifest.read(FOLDER), FOLDER)
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    model = BertModel.from_pretrained(str(folder)).eval()  # type: ignore[no-untyped-call]
    inputs = tokenizer(list(texts), padding=True, truncation=True, max_length=256, return_tensors="pt")
    with torch.inference_mode():
        hidden = model(**inputs).last_hidden_state
    real = inputs["attention_mask"].unsqueeze(2)
    mean = (hidden * real).sum(1) / real.sum(1)
    normalised: Floats = torch.nn.functional.normalize(mean, dim=1).numpy()
    return normalised


def test_the_encoder_equals_the_reference_implementation() -> None:
    assert np.abs(embedded(embed(), TEXTS) - reference(TEXTS)).max() < 1e-4


def test_an_embedding_does_not_depend_on_the_texts_beside_it() -> None:
    together = embedded(embed(), TEXTS)
    alone = np.concatenate([embedded(embed(), [text]) for text in TEXTS])
    assert np.abs(together - alone).max() < 1e-5
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)


def test_texts_of_like_meaning_are_near_each_other() -> None:
    cat, other_cat, market = embedded(embed(), TEXTS[:3])
    assert cat @ other_cat > 0.7
    assert cat @ market < 0.2


def test_a_text_is_cut_after_256_tokens() -> None:
    words = ["word"] * 1_000
    cut, whole = embedded(embed(), [" ".join(words[:254]), " ".join(words)])
    assert np.abs(cut - whole).max() < 1e-6
    (bucket,) = embed().prepare([" ".join(words)])
    assert embed().finish(bucket, embed().compute(bucket)).tokens == [256]


def test_buckets_are_bounded_in_tokens() -> None:
    texts = TEXTS * 40
    random.Random(1).shuffle(texts)
    for bucket in embed().prepare(texts):
        longest = max(bucket.inputs.lengths)
        assert len(bucket.rows) == 1 or len(bucket.rows) * longest <= embed().bucket_tokens


async def test_the_host_answers_as_the_model_called_directly_in_the_order_of_the_batch() -> None:
    texts = TEXTS * 5
    random.Random(2).shuffle(texts)
    runner = runner_for(find("embed"), CPU)
    await runner.start()
    try:
        inference = await runner.infer([{"request_id": str(row), "text": text} for row, text in enumerate(texts)])
    finally:
        await runner.stop()
    outputs: list[Any] = [outcome.output for outcome in inference.outcomes if isinstance(outcome, Completed)]
    floats = np.stack([np.frombuffer(output["embedding"]["data"], np.float32) for output in outputs])
    assert np.abs(floats - embedded(embed(), texts)).max() < 1e-5
    assert [output["tokens"] for output in outputs] == [
        len(encoding.ids) for encoding in embed().tokenizer.encode_batch(texts)
    ]
    assert all(output["embedding"]["shape"] == [384] for output in outputs)
