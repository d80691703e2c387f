from typing import Any

import numpy as np

from streams.client.tensors import tensor
from streams.demo.model import compare, matrix, nearest


def direction(*values: float) -> dict[str, Any]:
    return tensor(np.array(values, np.float32))


def test_accuracy_holds_only_with_the_same_labels() -> None:
    assert compare([1, 2, 3], [1, 2, 9], [1, 2, 9]).holds
    differing = compare([1, 2, 3], [1, 9, 3], [1, 2, 9])
    assert (differing.through_kafka, differing.directly, differing.differing) == (2, 2, 2)
    assert not differing.holds
    assert not compare([1, 2], [1, None], [1, 2]).holds


def test_the_nearest_text_is_that_of_the_smallest_angle() -> None:
    embeddings = matrix([direction(1, 0), direction(0, 1), direction(0.6, 0.8)])
    found = nearest(direction(0, 1), ["right", "up", "between"], embeddings, 2)
    assert [one.text for one in found] == ["up", "between"]
    assert found[0].cosine == 1.0
