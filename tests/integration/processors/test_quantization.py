"""Linear layers of eight bits: near to float32 on real sentences, and refused clearly where there are none."""

from dataclasses import replace

import pytest

from bench.quantization import LEAST_COSINE, embedded, loaded, nearness
from processors.contract import DeviceSettings
from processors.digits.processor import Digits
from processors.embed.processor import Embed
from processors.errors import DeviceUnavailable
from processors.quantization import check
from streams.demo.sentences import sentences

INT8 = DeviceSettings(device="cpu", threads=2, quantize="int8")


def test_embeddings_of_real_sentences_stay_near() -> None:
    texts = sentences(192)
    exact, rounded = (embedded(loaded(quantize, 2), texts) for quantize in ("none", "int8"))
    mean, least, same = nearness(exact, rounded)
    assert mean >= LEAST_COSINE, (mean, least, same)
    assert least > 0.85, (mean, least, same)
    assert mean < 0.9999, "nothing was rounded"


def test_the_host_says_that_it_is_quantised() -> None:
    assert Embed(INT8).describe()["quantize"] == "int8"
    assert Embed(replace(INT8, quantize="none")).describe()["quantize"] == "none"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"quantize": "int4"}, "quantize 'int4' is not supported; use none or int8"),
        ({"compile": True}, "quantize 'int8' and compile exclude each other"),
    ],
)
def test_what_embed_can_not_do_is_refused(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(DeviceUnavailable, match=problem):
        Embed(replace(INT8, **changes))  # type: ignore[arg-type] # as parametrised


def test_a_processor_without_such_layers_refuses() -> None:
    with pytest.raises(DeviceUnavailable, match="this processor has no int8 form; set quantize to none"):
        Digits(INT8)


def test_on_cuda_it_is_refused_with_the_cure() -> None:
    with pytest.raises(DeviceUnavailable, match="is for the CPU, and the device is CUDA; set device to cpu"):
        check(INT8, quantizable=True, cuda=True)
