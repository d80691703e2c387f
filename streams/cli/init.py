"""`sluicegate init`: make the topics and register the schemas that lanes need, or show them."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from streams.cli.lanes import Only, named
from streams.provisioning.plan import Plan, plan_for
from streams.provisioning.provision import Provisioned, provision
from streams.provisioning.topics import Topic
from streams.settings import load

examples = (
    "sluicegate init",
    "sluicegate init --only digits,embed --print",
)


def command(
    only: Only = None,
    show: Annotated[
        bool, typer.Option("--print", help="Only show topics, ACLs and schemas; needs no Kafka, changes nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Create the topics and register the schemas; what is there already is left, so it may be repeated.

    A topic with another number of partitions is refused, with what to do. ACLs are only shown, because which principals
    there are is the cluster's matter; on the stack of `sluicegate up --secure` they are made.
    """
    from streams.lanes import catalogue

    settings = load()
    plan = plan_for(settings, named(only) or tuple(catalogue()))
    if show:
        typer.echo(json.dumps(plan.as_json(), indent=2)) if as_json else print_plan(plan)
        return
    done = provision(settings, plan, whole=not only)
    typer.echo(json.dumps(done.as_json(), indent=2)) if as_json else print_done(plan, done)


def print_plan(plan: Plan) -> None:
    """The plan for people; the lines of ACLs and schemas can be copied."""
    console = Console(soft_wrap=True)
    console.print(topic_table(plan.topics, {}))
    for topic in plan.topics:
        settings = " ".join(f"{key}={value}" for key, value in topic.config.items())
        console.print(f"[dim]{topic.name}[/]: {settings}", highlight=False)
    console.print("\n[bold]ACLs[/] [dim](where the cluster has an authorizer; put your own principals)[/]")
    for permission in plan.permissions:
        typer.echo(permission.line(plan.bootstrap_servers))
    console.print("\n[bold]Schemas[/]")
    for line in plan.schema_lines():
        console.print(line, highlight=False)


def print_done(plan: Plan, done: Provisioned) -> None:
    """What was made, for people."""
    console = Console(soft_wrap=True, highlight=False)
    created = {topic.name: topic for topic in done.topics.create}
    said = dict.fromkeys((topic.name for topic in plan.topics), "there")
    said |= dict.fromkeys(done.altered, "altered") | dict.fromkeys(done.created, "[green]created[/]")
    said |= dict.fromkeys(done.widened, "[green]widened[/]")
    console.print(topic_table(tuple(created.get(topic.name, topic) for topic in plan.topics), said))
    for widening in done.topics.widen:
        console.print(f"{widening.topic}: partitions {widening.was} -> {widening.partitions}, as its requests have")
    for change in done.topics.alter:
        was = ", ".join(f"{key} {change.was[key]} -> {value}" for key, value in change.changes.items())
        console.print(f"{change.topic}: {was}")
    for line in done.schemas or ("all schemas are registered",):
        console.print(line)
    if done.access.made or done.access.taken:
        console.print(f"ACLs: {done.access.made} made, {done.access.taken} taken away")
    for line in done.topics.notices:
        console.print(f"[yellow]note[/] {line}")


def topic_table(topics: tuple[Topic, ...], said: dict[str, str]) -> Table:
    """One line for each topic; `said` is what became of it."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("topic", no_wrap=True)
    table.add_column("partitions", justify="right")
    table.add_column("purpose")
    table.add_column("")
    for topic in topics:
        table.add_row(topic.name, str(topic.partitions), topic.purpose, said.get(topic.name, ""))
    return table
