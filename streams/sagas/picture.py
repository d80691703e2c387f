"""A definition as a picture (SVG), drawn from its published form like the Mermaid text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

Form = Mapping[str, Any]

WIDTH, HEIGHT, UNDO_WIDTH, GAP, MARGIN = 190, 46, 160, 30, 24
STYLE = """
text { font: 13px sans-serif; text-anchor: middle; fill: #222 } .small { font-size: 11px; fill: #666 }
rect, polygon { fill: #fff; stroke: #456; stroke-width: 1.3 } .pivot { stroke-width: 3.5 }
.undo { stroke-dasharray: 4 3 } .bar { fill: #456 } path { fill: none; stroke: #456; stroke-width: 1.2 }
.DONE, .TAKEN { fill: #dff3e0 } .WAITING, .AWAITED, .RETRYING { fill: #fff4d0 }
.STALLED, .REJECTED, .DOUBT, .TIMED { fill: #fbdcdc }
"""


@dataclass(frozen=True, slots=True)
class Size:
    """What a node takes; its line enters and leaves at `axis` from its left."""

    width: int
    height: int
    axis: int


def svg(form: Form, states: Mapping[str, str] | None = None) -> str:
    """The picture of a compiled form. `states` are shown in the boxes of steps (`<step> undo` for an undo), signals."""
    drawing = _Drawing(form["steps"], states or {})
    size = drawing.size(form["flow"])
    left, top = MARGIN, MARGIN + 34
    drawing.text(left + size.axis, MARGIN + 12, f"{form['name']} {form['version']}")
    drawing.arrow(left + size.axis, MARGIN + 18, left + size.axis, top)
    drawing.draw(form["flow"], left, top)
    bottom = top + size.height
    drawing.arrow(left + size.axis, bottom, left + size.axis, bottom + 22)
    drawing.text(left + size.axis, bottom + 38, "completed")
    width, height = size.width + 2 * MARGIN, bottom + 38 + MARGIN
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    arrow = (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" style="fill:#456;stroke:none"/></marker></defs>'
    )
    return "\n".join([head, f"<style>{STYLE}</style>", arrow, *drawing.parts, "</svg>"]) + "\n"


class _Drawing:
    """Sizes and draws nodes; each node is told by its first key."""

    def __init__(self, steps: Form, states: Mapping[str, str]) -> None:
        self.parts: list[str] = []
        self._steps = steps
        self._states = states

    def size(self, form: Form) -> Size:
        """What a node takes."""
        return _SIZES[next(iter(form))](self, form)

    def draw(self, form: Form, x: int, y: int) -> None:
        """A node with its left upper corner there."""
        _DRAWS[next(iter(form))](self, form, x, y)

    def text(self, x: int, y: int, text: str, style: str = "") -> None:
        """A line of text around a point."""
        self.parts.append(f'<text x="{x}" y="{y}"{f" class={style!r}" if style else ""}>{escape(text)}</text>')

    def arrow(self, x1: int, y1: int, x2: int, y2: int) -> None:
        """A line down, with a corner half-way where it must."""
        middle = (y1 + y2) // 2
        bend = "" if x1 == x2 else f"L{x1},{middle} L{x2},{middle} "
        self.parts.append(f'<path d="M{x1},{y1} {bend}L{x2},{y2 - 1}" marker-end="url(#tip)"/>')

    def box(self, x: int, y: int, width: int, lines: tuple[str, str], style: str) -> None:
        """A rectangle with two lines of text."""
        self.parts.append(f'<rect x="{x}" y="{y}" width="{width}" height="{HEIGHT}" rx="6" class="{style}"/>')
        self.text(x + width // 2, y + 20, lines[0])
        self.text(x + width // 2, y + 36, lines[1], "small")

    def step_size(self, form: Form) -> Size:
        """A step, and its compensation to the right of it."""
        undo = self._steps[form[next(iter(form))]]["compensation"]
        return Size(WIDTH + (GAP + UNDO_WIDTH if undo else 0), HEIGHT, WIDTH // 2)

    def step(self, form: Form, x: int, y: int) -> None:
        """A step of any sort."""
        sort = next(iter(form))
        name = form[sort]
        spec, state = self._steps[name], self._states.get(name, "")
        bound = f" × ≤{form['max_items']}" if sort == "for_each" else ""
        style = ("pivot " if sort == "pivot" else "") + style_of(state)
        self.box(x, y, WIDTH, (name + bound, state or f"{spec['send']}, {spec['kind']}"), style)
        undo = spec["compensation"]
        if undo:
            left, state = x + WIDTH + GAP, self._states.get(f"{name} undo", "")
            self.box(left, y, UNDO_WIDTH, (undo["name"], state or undo["send"]), f"undo {style_of(state)}")
            self.parts.append(
                f'<path d="M{x + WIDTH},{y + HEIGHT // 2} L{left},{y + HEIGHT // 2}" stroke-dasharray="4 3"/>'
            )

    def seq_size(self, form: Form) -> Size:
        """One below the other, in line."""
        sizes = [self.size(member) for member in form["seq"]]
        axis = max(size.axis for size in sizes)
        width = axis + max(size.width - size.axis for size in sizes)
        return Size(width, sum(size.height for size in sizes) + GAP * (len(sizes) - 1), axis)

    def seq(self, form: Form, x: int, y: int) -> None:
        """One below the other."""
        axis = self.seq_size(form).axis
        for number, member in enumerate(form["seq"]):
            size = self.size(member)
            if number:
                self.arrow(x + axis, y - GAP, x + axis, y)
            self.draw(member, x + axis - size.axis, y)
            y += size.height + GAP

    def columns_size(self, members: list[Form | None], head: int) -> Size:
        """Side by side, between a head and a foot."""
        sizes = [Size(40, 0, 20) if member is None else self.size(member) for member in members]
        width = sum(size.width for size in sizes) + GAP * (len(sizes) - 1)
        width = max(width, WIDTH)
        return Size(width, head + max(size.height for size in sizes) + 2 * GAP + 4, width // 2)

    def columns(self, members: list[Form | None], x: int, y: int, head: int, labels: tuple[str, ...] = ()) -> None:
        """The members, with arrows from the head and to the foot."""
        whole = self.columns_size(members, head)
        middle, foot = x + whole.axis, y + whole.height - 4
        for number, member in enumerate(members):
            size = Size(40, 0, 20) if member is None else self.size(member)
            top = y + head + GAP
            self.arrow(middle, y + head, x + size.axis, top if member is not None else foot)
            if labels:
                self.text(x + size.axis + 16, top - 6, labels[number], "small")
            if member is not None:
                self.draw(member, x, top)
                self.arrow(x + size.axis, top + size.height, x + size.axis, foot)
            x += size.width + GAP
        self.parts.append(f'<rect x="{middle - whole.axis}" y="{foot}" width="{whole.width}" height="4" class="bar"/>')

    def parallel_size(self, form: Form) -> Size:
        """All at once."""
        return self.columns_size(form["parallel"], 4)

    def parallel(self, form: Form, x: int, y: int) -> None:
        """All at once, between two bars."""
        size = self.parallel_size(form)
        self.parts.append(f'<rect x="{x}" y="{y}" width="{size.width}" height="4" class="bar"/>')
        self.columns(form["parallel"], x, y, 4)

    def when_size(self, form: Form) -> Size:
        """Two ways."""
        return self.columns_size([form["then"], form["otherwise"]], HEIGHT)

    def when(self, form: Form, x: int, y: int) -> None:
        """A diamond, and two ways, of which one may be empty."""
        axis, half = x + self.when_size(form).axis, HEIGHT // 2
        corners = f"{axis},{y} {axis + 90},{y + half} {axis},{y + HEIGHT} {axis - 90},{y + half}"
        self.parts.append(f'<polygon points="{corners}"/>')
        self.text(axis, y + half + 5, form["when"])
        self.columns([form["then"], form["otherwise"]], x, y, HEIGHT, ("yes", "no"))

    def signal_size(self, form: Form) -> Size:
        """A wait."""
        return Size(WIDTH, HEIGHT, WIDTH // 2)

    def signal(self, form: Form, x: int, y: int) -> None:
        """A slanted box."""
        name, span = form["signal"], form["timeout_ms"]
        state = self._states.get(name, "")
        corners = f"{x + 14},{y} {x + WIDTH},{y} {x + WIDTH - 14},{y + HEIGHT} {x},{y + HEIGHT}"
        self.parts.append(f'<polygon points="{corners}" class="{style_of(state)}"/>')
        self.text(x + WIDTH // 2, y + 20, f"wait for {name}")
        until = "for ever" if span is None else f"{span / 1000:g} s, then {form['on_timeout']}"
        self.text(x + WIDTH // 2, y + 36, state or until, "small")


def style_of(state: str) -> str:
    """The class of a state: its first word, the second of `IN DOUBT`."""
    words = state.split()
    return "" if not words else words[1] if words[0] == "IN" and len(words) > 1 else words[0].rstrip(",")


_SIZES: dict[str, Callable[[_Drawing, Form], Size]] = {
    "step": _Drawing.step_size,
    "pivot": _Drawing.step_size,
    "for_each": _Drawing.step_size,
    "seq": _Drawing.seq_size,
    "parallel": _Drawing.parallel_size,
    "when": _Drawing.when_size,
    "signal": _Drawing.signal_size,
}
_DRAWS: dict[str, Callable[[_Drawing, Form, int, int], None]] = {
    "step": _Drawing.step,
    "pivot": _Drawing.step,
    "for_each": _Drawing.step,
    "seq": _Drawing.seq,
    "parallel": _Drawing.parallel,
    "when": _Drawing.when,
    "signal": _Drawing.signal,
}
