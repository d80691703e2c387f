"""Train the digits network, on one CPU core in well under a minute: `python -m processors.digits.train`.

Writes weights.safetensors and manifest.json beside this file. The same seed on the same torch and kind of CPU gives the
same weights.
"""

import argparse
import hashlib
import json
import platform
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import safetensors.torch
import sklearn
import torch
from torch.nn import functional

from processors.digits import dataset
from processors.digits.network import DigitsNetwork

FOLDER = Path(__file__).parent
SEED, EPOCHS, BATCH, RATE = 20261121, 60, 64, 4e-3
CODE = ("network.py", "dataset.py", "train.py")


def train(seed: int = SEED, epochs: int = EPOCHS) -> DigitsNetwork:
    """A network trained on the training images, each time shifted and turned a little."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    images, labels = (torch.from_numpy(array) for array in dataset.training())
    network = DigitsNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-2)
    steps = epochs * (len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=RATE, total_steps=steps)
    for _ in range(epochs):
        order = torch.randperm(len(images))[: len(images) // BATCH * BATCH]
        for rows in order.view(-1, BATCH):
            loss = functional.cross_entropy(network(varied(images[rows])), labels[rows], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return network.eval()


def varied(images: torch.Tensor) -> torch.Tensor:
    """Images [n, 8, 8] as [n, 1, 8, 8], each turned, stretched and shifted at random by a little."""
    count = len(images)
    angle, shear = (torch.rand(2, count) - 0.5) * 0.6
    stretch = 1.0 + (torch.rand(2, count) - 0.5) * 0.3
    shift = (torch.rand(2, count) - 0.5) * 0.35
    rows = [
        torch.stack([stretch[0] * angle.cos(), -angle.sin() + shear, shift[0]], 1),
        torch.stack([angle.sin(), stretch[1] * angle.cos(), shift[1]], 1),
    ]
    grid = functional.affine_grid(torch.stack(rows, 1), [count, 1, 8, 8], align_corners=False)
    return functional.grid_sample(images.unsqueeze(1), grid, align_corners=False)


def accuracy(network: DigitsNetwork, images: Any, labels: Any) -> float:
    """The share of images whose label has the highest logit."""
    with torch.inference_mode():
        predicted = network(torch.from_numpy(images).unsqueeze(1)).argmax(1).numpy()
    return float((predicted == labels).mean())


def write(network: DigitsNetwork, folder: Path, seconds: float) -> dict[str, Any]:
    """Save weights and manifest, and return the manifest."""
    weights = safetensors.torch.save({name: tensor.contiguous() for name, tensor in network.state_dict().items()})
    (folder / "weights.safetensors").write_bytes(weights)
    code = hashlib.sha256(b"".join((FOLDER / name).read_bytes() for name in CODE)).hexdigest()
    file = {"name": "weights.safetensors", "sha256": hashlib.sha256(weights).hexdigest(), "bytes": len(weights)}
    manifest = {
        "name": "digits-cnn",
        "version": "1.0.0",
        "description": "Handwritten digits of 8 x 8 pixels, three convolutions.",
        "licence": "Apache-2.0; the training data: CC BY 4.0, UCI Machine Learning Repository",
        "source": "python -m processors.digits.train",
        "files": {"weights": file},
        "training": {
            "data": "sklearn.datasets.load_digits, the first 898 images",
            "data_sha256": dataset.digest(),
            "code_sha256": code,
            "seed": SEED,
            "epochs": EPOCHS,
            "torch": torch.__version__,
            "scikit_learn": sklearn.__version__,
            "machine": platform.machine(),
            "seconds": round(seconds, 1),
        },
        "metrics": {
            "training_accuracy": round(accuracy(network, *dataset.training()), 4),
            "held_out_accuracy": round(accuracy(network, *dataset.held_out()), 4),
            "held_out_images": len(dataset.held_out()[1]),
        },
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return manifest


def main() -> None:
    """Train, save, and print what came of it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--folder", type=Path, default=FOLDER, help="where to write (default: beside this file)")
    folder: Path = arguments.parse_args().folder
    begin = perf_counter()
    network = train()
    manifest = write(network, folder, perf_counter() - begin)
    sys.stdout.write(json.dumps(manifest["metrics"] | {"seconds": manifest["training"]["seconds"]}) + "\n")


if __name__ == "__main__":
    main()
