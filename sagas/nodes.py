"""Ways through a flow's nodes."""

from collections.abc import Iterator

from sagas.flow import ForEach, Node, Parallel, Pivot, Run, Seq, When


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly within a node."""
    if isinstance(node, Seq | Parallel):
        return node.members
    if isinstance(node, When):
        return (node.then,) if node.otherwise is None else (node.then, node.otherwise)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """A node and all within it, outer ones first."""
    yield node
    for child in children(node):
        yield from walk(child)


def steps_in(node: Node) -> Iterator[str]:
    """The names of the steps within a node, in the order they are written."""
    for inner in walk(node):
        if isinstance(inner, Run | Pivot):
            yield inner.step
        elif isinstance(inner, ForEach):
            yield inner.body
