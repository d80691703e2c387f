import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.offset_metadata import for_slot, parse, render, slot_of


def test_the_slot_is_read_back() -> None:
    assert for_slot(3) == "slot=3"
    assert slot_of("slot=3") == 3
    assert slot_of("done=5-9;slot=12;more=") == 12


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        ";",
        "=",
        "slot",
        "slot=",
        "slot=-1",
        "slot=three",
        "slot=1e3",
        "SLOT=3",
        "{'slot': 3}",
        "slot=99999999999",
    ],
)
def test_foreign_metadata_names_no_slot(text: str | None) -> None:
    assert slot_of(text) is None


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    slot_of(text)
    parse(text)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True),
        st.text(max_size=20).filter(lambda value: ";" not in value),
    )
)
def test_what_is_rendered_is_read_back(values: dict[str, str]) -> None:
    assert parse(render(values)) == values


@pytest.mark.parametrize("values", [{"Slot": "3"}, {"": "3"}, {"a b": "3"}, {"slot": "3;4"}, {"long": "x" * 4_096}])
def test_what_could_not_be_read_back_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="offset metadata"):
        render(values)
