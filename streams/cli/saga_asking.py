"""What the commands share that ask something of a saga: options, messages, and how the answer is told."""

import getpass
import json
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from pydantic import ValidationError

from sagas.catalogue import discover
from sagas.inputs import CommandKind
from sagas.records import SagaRecord
from schemas.records import first_problem
from streams.cli.errors import FAILED, complain
from streams.client.errors import CallFailed, InferenceFailed
from streams.client.lines import WrongLine, from_arguments
from streams.mistake import UserMistake
from streams.sagas.asking import ask, command
from streams.settings import load

SagaId = Annotated[str, typer.Argument(metavar="SAGA_ID", help="The saga's id.")]
StepPath = Annotated[
    str, typer.Argument(metavar="STEP", help="The step as `saga show` names it, such as embed or embed[3].")
]
Actor = Annotated[
    str | None, typer.Option("--by", help="Who asks, for the saga's history; by default the user of this machine.")
]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why, for the saga's history.")]
Wait = Annotated[float, typer.Option(min=0.1, help="How many seconds to wait for the answer.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


def asked(
    kind: CommandKind, saga_id: str, wait: float, as_json: bool, *, actor: str | None = None, **fields: Any
) -> None:
    """Sends the command, waits, and says the answer; a refusal ends with 1."""
    record = command(kind, saga_id, actor=actor or getpass.getuser(), **fields)
    try:
        answer = ask(load(), record, wait)
    except InferenceFailed as refusal:
        if as_json:
            said = {"saga_id": saga_id, "ok": False, "code": refusal.code, "message": refusal.message}
            typer.echo(json.dumps(said))
            raise SystemExit(FAILED) from None
        complain(str(refusal), FAILED)
    except CallFailed as failed:
        complain(str(failed), FAILED)
    if as_json:
        said = {"saga_id": saga_id, "ok": True, "status": answer["saga_status"], "seq": answer["seq"]}
        typer.echo(json.dumps(said))
    else:
        typer.echo(f"{saga_id}: {answer['saga_status']}")


def given_reason(reason: str) -> str:
    """An operator's reason; UserMistake without one: who reads the history later should know."""
    if not reason.strip():
        raise UserMistake("say why, with --reason: it stays in the saga's history")
    return reason


class Given(NamedTuple):
    """A message as it was typed: its values, and the texts of those that were given as `field=value`."""

    values: dict[str, Any]
    texts: dict[str, str]

    @property
    def json(self) -> bytes:
        """The message as it travels."""
        return json.dumps(self.values).encode()


def message_of(fields: list[str], message: str | None) -> Given:
    """A message from `field=value` arguments, each value JSON or else text, or from a JSON object. UserMistake."""
    if fields and message is not None:
        raise UserMistake("give the message as fields or with --message, not both")
    if message is not None:
        return Given(parsed(message), {})
    try:
        texts = from_arguments(fields)
    except WrongLine as error:
        raise UserMistake(str(error)) from None
    return Given({name: value_of(text) for name, text in texts.items()}, texts)


def parsed(message: str) -> dict[str, Any]:
    """A JSON object, or the one in the file after `@`."""
    try:
        text = Path(message[1:]).read_text(encoding="utf-8") if message.startswith("@") else message
        found = json.loads(text)
    except OSError as error:
        raise UserMistake(f"--message {message}: it can't be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UserMistake(f"--message is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise UserMistake("--message must be a JSON object")
    return found


def value_of(text: str) -> Any:
    """What a typed text means: JSON where it is some, else itself."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def start_of(saga: str, version: int, given: Given, saga_id: str | None) -> tuple[str, bytes]:
    """The saga's id and the message that starts it, checked here if the definition is installed. UserMistake."""
    compiled = discover().find(saga, version)
    if compiled is None:
        if saga_id is None:
            raise UserMistake(f"{discover().missing(saga, version)}; if a worker has it, name the saga's id with --id")
        return saga_id, given.json
    try:
        start = read_start(compiled.start, given)
    except ValidationError as error:
        field, problem = first_problem(error)
        raise UserMistake(f"{saga}: {field}: {problem}") from None
    identity = compiled.saga_id(start)
    if saga_id not in (None, identity):
        raise UserMistake(f"--id {saga_id}: the message makes it {identity!r}; leave --id out")
    return identity, start.model_dump_json().encode()


def read_start(model: type[SagaRecord], given: Given) -> SagaRecord:
    """The start message; what looks like a number and should be text, is text. Raises ValidationError."""
    try:
        return model.model_validate_json(given.json)
    except ValidationError as error:
        texts = {str(one["loc"][0]) for one in error.errors() if one["type"] == "string_type" and len(one["loc"]) == 1}
        retyped = {name: given.texts[name] for name in texts if name in given.texts}
        if not retyped:
            raise
        return model.model_validate_json(json.dumps({**given.values, **retyped}))
