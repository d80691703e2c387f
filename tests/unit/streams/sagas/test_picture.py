from typing import Any
from xml.etree import ElementTree

from streams.sagas.picture import svg

SVG = "{http://www.w3.org/2000/svg}"


def step(undo: str | None = None) -> dict[str, Any]:
    return {"kind": "compensatable", "send": "echo", "compensation": undo and {"name": undo, "send": "echo"}}


FORM = {
    "name": "everything",
    "version": 3,
    "steps": {name: step(f"undo {name}") for name in ("a", "b", "c")} | {"d": step(), "e": step(), "f": step()},
    "flow": {
        "seq": [
            {"step": "a"},
            {"parallel": [{"step": "b"}, {"seq": [{"step": "c"}, {"step": "d"}]}], "join": "all"},
            {"when": "rich?", "then": {"for_each": "e", "max_items": 9, "max_in_flight": 2}, "otherwise": None},
            {"signal": "approval <soon>", "timeout_ms": 1_500, "on_timeout": "compensate"},
            {"pivot": "f"},
        ]
    },
}


def texts(picture: str) -> set[str]:
    return {one.text or "" for one in ElementTree.fromstring(picture).iter(f"{SVG}text")}


def test_everything_of_a_definition_is_in_the_picture() -> None:
    shown = texts(svg(FORM))
    assert {"everything 3", "a", "b", "c", "d", "f", "undo a", "rich?", "yes", "no", "completed"} <= shown
    assert {"e × ≤9", "wait for approval <soon>", "1.5 s, then compensate"} <= shown


def test_states_are_shown_in_their_boxes() -> None:
    picture = svg(FORM, {"a": "DONE", "b undo": "WAITING, attempt 2", "c": "IN DOUBT"})
    assert {"DONE", "WAITING, attempt 2", "IN DOUBT"} <= texts(picture)
    classes = " ".join(one.get("class", "") for one in ElementTree.fromstring(picture).iter(f"{SVG}rect"))
    assert {"DONE", "WAITING", "DOUBT"} <= set(classes.split())


def test_nothing_lies_outside() -> None:
    root = ElementTree.fromstring(svg(FORM))
    width, height = int(root.get("width", 0)), int(root.get("height", 0))
    for box in root.iter(f"{SVG}rect"):
        assert 0 <= int(box.get("x", -1)) <= width - int(box.get("width", 0))
        assert 0 <= int(box.get("y", -1)) <= height - int(box.get("height", 0))


def test_boxes_do_not_overlap() -> None:
    root = ElementTree.fromstring(svg(FORM))
    boxes = [tuple(int(box.get(name, 0)) for name in ("x", "y", "width", "height")) for box in root.iter(f"{SVG}rect")]
    for number, (x, y, width, height) in enumerate(boxes):
        for left, top, wide, high in boxes[number + 1 :]:
            apart = x + width <= left or left + wide <= x or y + height <= top or top + high <= y
            assert apart, ((x, y, width, height), (left, top, wide, high))
