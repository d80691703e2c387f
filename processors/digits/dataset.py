"""The UCI handwritten digits that scikit-learn ships: 1797 images, the first 898 for training, 899 held out.

Not shuffled, as in scikit-learn's own example, so that the split needs no random numbers, and the writers of the last
images were mostly not seen in training. Needs scikit-learn; serving does not.
"""

import hashlib

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits

TRAINING_IMAGES = 898
Images = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


def training() -> tuple[Images, Labels]:
    """Images [898, 8, 8] of float32, 0 to 16, and their labels."""
    images, labels = _all()
    return images[:TRAINING_IMAGES], labels[:TRAINING_IMAGES]


def held_out() -> tuple[Images, Labels]:
    """Images [899, 8, 8] that the model never saw, and their labels."""
    images, labels = _all()
    return images[TRAINING_IMAGES:], labels[TRAINING_IMAGES:]


def digest() -> str:
    """The sha256 of all images and labels."""
    images, labels = _all()
    return hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()


def _all() -> tuple[Images, Labels]:
    data = load_digits()
    return data.images.astype(np.float32), data.target.astype(np.int64)
