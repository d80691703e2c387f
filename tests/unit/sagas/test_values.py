"""Plain values survive JSON, bytes and odd names included; what can't is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagas.values import dumps, kept, loads, tagged, untagged

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS | st.binary(max_size=8)
NAMES = TEXTS | st.sampled_from(["$bytes", "$", "$$bytes"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)


@given(VALUES)
def test_a_value_survives(value: Any) -> None:
    assert untagged(loads(dumps(tagged(value)))) == value


@given(VALUES)
def test_reading_and_writing_again_gives_the_same_bytes(value: Any) -> None:
    text = dumps(tagged(value))
    assert dumps(loads(text)) == text


@pytest.mark.parametrize("value", [object(), {1: 2}, [{"a": object()}], {1, 2}, "\ud800", {"\ud800": 1}])
def test_what_json_has_no_form_for_is_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        kept(value)
