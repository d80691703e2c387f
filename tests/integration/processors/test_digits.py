"""The digits model, through its host and called directly."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import torch

from processors import manifest
from processors.catalogue import find
from processors.contract import DeviceSettings
from processors.digits import dataset, train
from processors.digits.network import DigitsNetwork
from processors.digits.processor import FOLDER
from processors.runners import runner_for
from processors.torch_processor import load_weights
from schemas.outcome import Completed

CPU = DeviceSettings(device="cpu", threads=1)


def request(row: int, image: np.ndarray[Any, Any], dtype: str = "float32") -> dict[str, Any]:
    return {"request_id": f"d{row}", "image": {"dtype": dtype, "shape": [8, 8], "data": image.astype(dtype).tobytes()}}


def direct() -> DigitsNetwork:
    network = DigitsNetwork()
    network.load_state_dict(load_weights(manifest.read(FOLDER), FOLDER))
    return network.eval()


def test_the_split_leaves_899_images_that_training_never_saw() -> None:
    images, labels = dataset.held_out()
    assert images.shape == (899, 8, 8)
    assert labels.shape == (899,)
    seen = {image.tobytes() for image in dataset.training()[0]}
    assert len(seen) == 898
    assert not seen & {image.tobytes() for image in images}


def test_the_committed_weights_are_as_good_as_their_manifest_says() -> None:
    metrics = manifest.read(FOLDER).metrics
    assert metrics["held_out_accuracy"] >= 0.98
    assert abs(train.accuracy(direct(), *dataset.held_out()) - metrics["held_out_accuracy"]) < 0.002


def test_training_learns_and_the_same_seed_gives_the_same_weights() -> None:
    torch_threads = torch.get_num_threads()
    try:
        first, second = train.train(epochs=6), train.train(epochs=6)
        assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
        assert train.accuracy(first, *dataset.held_out()) > 0.6
    finally:
        torch.use_deterministic_algorithms(False)
        torch.set_num_threads(torch_threads)


def test_what_training_writes_is_pinned_and_loads(tmp_path: Path) -> None:
    written = train.write(direct(), tmp_path, 1.0)
    assert written["files"] == manifest.read(FOLDER).model_dump()["files"]
    assert written["training"]["code_sha256"] == manifest.read(FOLDER).training["code_sha256"], (
        "the training code changed; run python -m processors.digits.train"
    )
    assert load_weights(manifest.read(tmp_path), tmp_path).keys() == direct().state_dict().keys()


async def test_the_host_answers_as_the_model_called_directly() -> None:
    images, _ = dataset.held_out()
    with torch.inference_mode():
        probabilities = direct()(torch.from_numpy(images).unsqueeze(1)).softmax(1).numpy()
    runner = runner_for(find("digits"), CPU)
    await runner.start()
    try:
        records = [request(row, image, "uint8" if row % 3 else "float32") for row, image in enumerate(images)]
        parts = await asyncio.gather(*(runner.infer(records[begin : begin + 256]) for begin in range(0, 899, 256)))
    finally:
        await runner.stop()
    outcomes = [outcome for part in parts for outcome in part.outcomes]
    for outcome, expected in zip(outcomes, probabilities, strict=True):
        assert isinstance(outcome, Completed)
        answered = np.frombuffer(outcome.output["probabilities"]["data"], np.float32)
        np.testing.assert_allclose(answered, expected, atol=1e-5)
        assert outcome.output["label"] == expected.argmax()
        assert abs(outcome.output["confidence"] - expected.max()) < 1e-5
