"""`sluicegate saga`: start sagas, look at them, and help those that can't go on."""

from typing import Annotated

import typer

from sagas.inputs import CommandKind
from streams.cli import saga_check, saga_looking
from streams.cli.saga_asking import (
    Actor,
    AsJson,
    Reason,
    SagaId,
    StepPath,
    Wait,
    asked,
    given_reason,
    message_of,
    start_of,
)

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Fields = Annotated[
    list[str] | None, typer.Argument(metavar="[FIELD=VALUE]...", help="The message; without fields, --message.")
]
Message = Annotated[str | None, typer.Option(help="The message as a JSON object, or @file.")]


@app.command("start")
def start_command(
    saga: Annotated[str, typer.Argument(help="The saga, for example document-intake.")],
    fields: Fields = None,
    message: Message = None,
    saga_id: Annotated[
        str | None, typer.Option("--id", help="The saga's id, where its definition is not installed here.")
    ] = None,
    version: Annotated[int, typer.Option(min=0, help="The definition's version; 0 is the newest.")] = 0,
    actor: Actor = None,
    reason: Reason = "",
    wait: Wait = 30.0,
    as_json: AsJson = False,
) -> None:
    """Start a saga; to start it twice with one message starts it once."""
    identity, payload = start_of(saga, version, message_of(fields or [], message), saga_id)
    asked(
        CommandKind.START, identity, wait, as_json, saga=saga, version=version, payload=payload, actor=actor,
        reason=reason,
    )  # fmt: skip


@app.command("signal")
def signal_command(
    saga_id: SagaId,
    name: Annotated[str, typer.Argument(help="The signal that the saga waits for.")],
    fields: Fields = None,
    message: Message = None,
    actor: Actor = None,
    reason: Reason = "",
    wait: Wait = 30.0,
    as_json: AsJson = False,
) -> None:
    """Send a saga the message that it waits for, or will wait for; the first one counts."""
    payload = message_of(fields or [], message).json
    asked(CommandKind.SIGNAL, saga_id, wait, as_json, step=name, payload=payload, actor=actor, reason=reason)


@app.command("cancel")
def cancel_command(
    saga_id: SagaId, actor: Actor = None, reason: Reason = "", wait: Wait = 30.0, as_json: AsJson = False
) -> None:
    """Undo a saga; refused once its pivot is done, or may be."""
    asked(CommandKind.CANCEL, saga_id, wait, as_json, actor=actor, reason=reason)


@app.command("retry")
def retry_command(
    saga_id: SagaId,
    step: StepPath,
    actor: Actor = None,
    reason: Reason = "",
    wait: Wait = 30.0,
    as_json: AsJson = False,
) -> None:
    """Send a stalled step's command once more, with the same key and a new budget of attempts."""
    asked(CommandKind.RETRY, saga_id, wait, as_json, step=step, actor=actor, reason=given_reason(reason))


@app.command("resolve")
def resolve_command(
    saga_id: SagaId,
    step: StepPath,
    fields: Fields = None,
    message: Message = None,
    no_effect: Annotated[bool, typer.Option("--no-effect", help="It did nothing, and never will.")] = False,
    actor: Actor = None,
    reason: Reason = "",
    wait: Wait = 30.0,
    as_json: AsJson = False,
) -> None:
    """Say how an open step ended: with the fields of its result, or without effect."""
    payload = b"null" if no_effect else message_of(fields or [], message).json
    said = given_reason(reason)
    asked(CommandKind.RESOLVE, saga_id, wait, as_json, step=step, payload=payload, actor=actor, reason=said)


@app.command("skip")
def skip_command(
    saga_id: SagaId,
    step: StepPath,
    actor: Actor = None,
    reason: Reason = "",
    wait: Wait = 30.0,
    as_json: AsJson = False,
) -> None:
    """Go on without a stalled step, or without its compensation."""
    asked(CommandKind.SKIP, saga_id, wait, as_json, step=step, actor=actor, reason=given_reason(reason))


@app.command("resume")
def resume_command(
    saga_id: SagaId, actor: Actor = None, reason: Reason = "", wait: Wait = 30.0, as_json: AsJson = False
) -> None:
    """Let a parked saga go on where it stopped, after the repair."""
    asked(CommandKind.RESUME, saga_id, wait, as_json, actor=actor, reason=given_reason(reason))


@app.command("abort")
def abort_command(
    saga_id: SagaId, actor: Actor = None, reason: Reason = "", wait: Wait = 30.0, as_json: AsJson = False
) -> None:
    """End a saga as it is: nothing is undone. The last resort."""
    asked(CommandKind.ABORT, saga_id, wait, as_json, actor=actor, reason=given_reason(reason))


app.command("show")(saga_looking.show_command)
app.command("list")(saga_looking.list_command)
app.command("history")(saga_looking.history_command)
app.command("draw")(saga_looking.draw_command)
app.command("verify")(saga_check.verify_command)
