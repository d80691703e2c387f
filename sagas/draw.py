"""A definition as Mermaid text. It is drawn from the published form, so nobody needs the definition's code."""

from collections.abc import Callable, Mapping
from typing import Any

Form = Mapping[str, Any]
Ends = list[str]


def mermaid(form: Form, states: Mapping[str, str] | None = None) -> str:
    """A flow chart of a compiled form. `states` are texts to show beside the names of steps, branches and signals."""
    drawing = _Drawing(form["steps"], states or {})
    ends = drawing.node(form["flow"], ["start"])
    drawing.line('n_start(["start"])')
    drawing.line('n_done(["completed"])')
    drawing.join(ends, "done")
    return "\n".join(["flowchart TD", *(f"    {line}" for line in drawing.lines)]) + "\n"


class _Drawing:
    """Each method draws a node after the ends of what comes before, and returns its own ends."""

    def __init__(self, steps: Form, states: Mapping[str, str]) -> None:
        self.lines: list[str] = []
        self._steps = steps
        self._states = states
        self._groups = 0

    def node(self, form: Form, before: Ends) -> Ends:
        """Any node, told by its first key."""
        return _DRAW[next(iter(form))](self, form, before)

    def line(self, text: str) -> None:
        """One statement."""
        self.lines.append(text)

    def join(self, before: Ends, after: str, label: str = "") -> None:
        """Arrows; those that leave a branch say which way."""
        for end in before:
            source, _, way = end.partition("|")
            text = label or way
            self.line(f"{_id(source)} -->{f'|{text}|' if text else ''} {_id(after)}")

    def step(self, name: str, before: Ends, note: str = "") -> Ends:
        """A step, with its compensation beside it."""
        spec = self._steps[name]
        kind = "" if spec["kind"] == "compensatable" else f" ({spec['kind']})"
        self._box(name, f"{name}{note}<br/>{spec['send']}{kind}", '["', '"]')
        self.join(before, name)
        if spec["compensation"] is not None:
            undo = spec["compensation"]
            self.line(f'{_id(name)}_undo["{_text(undo["name"])}<br/>{_text(undo["send"])}"]')
            self.line(f"{_id(name)} -.->|undo| {_id(name)}_undo")
        return [name]

    def _box(self, name: str, text: str, opening: str, closing: str) -> None:
        state = self._states.get(name)
        shown = text if state is None else f"{text}<br/>{state}"
        self.line(f"{_id(name)}{opening}{_text(shown)}{closing}")

    def run(self, form: Form, before: Ends) -> Ends:
        """A step."""
        return self.step(form["step"], before)

    def pivot(self, form: Form, before: Ends) -> Ends:
        """The step that decides, drawn bold."""
        ends = self.step(form["pivot"], before)
        self.line(f"style {_id(form['pivot'])} stroke-width:4px")
        return ends

    def seq(self, form: Form, before: Ends) -> Ends:
        """One after the other."""
        for member in form["seq"]:
            before = self.node(member, before)
        return before

    def parallel(self, form: Form, before: Ends) -> Ends:
        """Members side by side, from a fork to a join."""
        self._groups += 1
        fork, join = f"fork{self._groups}", f"join{self._groups}"
        self.line(f"{_id(fork)}{{{{all at once}}}}")
        self.join(before, fork)
        ends = [self.node(member, [fork]) for member in form["parallel"]]
        self.line(f"{_id(join)}{{{{{form['join']}}}}}")
        self.join([end for some in ends for end in some], join)
        return [join]

    def for_each(self, form: Form, before: Ends) -> Ends:
        """A step with its bounds."""
        note = f" for each of at most {form['max_items']}, {form['max_in_flight']} at once"
        return self.step(form["for_each"], before, note)

    def when(self, form: Form, before: Ends) -> Ends:
        """A branch; its way out may be empty."""
        name = form["when"]
        self._box(name, name, '{"', '"}')
        self.join(before, name)
        then = self.node(form["then"], [f"{name}|yes"])
        otherwise = [f"{name}|no"] if form["otherwise"] is None else self.node(form["otherwise"], [f"{name}|no"])
        return [*then, *otherwise]

    def signal(self, form: Form, before: Ends) -> Ends:
        """A wait."""
        name, span = form["signal"], form["timeout_ms"]
        until = "for ever" if span is None else f"{span / 1000:g} s, then {form['on_timeout']}"
        self._box(name, f"wait for {name}<br/>{until}", '[/"', '"/]')
        self.join(before, name)
        return [name]


def _id(name: str) -> str:
    """Mermaid takes `end` and the like for words of its own."""
    return f"n_{name.replace('-', '__')}"


def _text(text: str) -> str:
    return text.replace('"', "#quot;")


_DRAW: dict[str, Callable[[_Drawing, Form, Ends], Ends]] = {
    "step": _Drawing.run,
    "pivot": _Drawing.pivot,
    "seq": _Drawing.seq,
    "parallel": _Drawing.parallel,
    "for_each": _Drawing.for_each,
    "when": _Drawing.when,
    "signal": _Drawing.signal,
}
