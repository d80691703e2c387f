"""The page on participants says what they do."""

from pathlib import Path

import pytest

from sagas.participants import index, index_request, ledger, ledger_request
from streams.participants.tables import metadata

PAGE = (Path(__file__).parents[4] / "docs" / "participants.md").read_text()


@pytest.mark.parametrize("code", [*ledger.Rejection, *index.Rejection])
def test_every_reason_to_refuse_is_documented(code: str) -> None:
    assert f"\n| `{code}` | " in PAGE


@pytest.mark.parametrize("operation", [*ledger_request.Operation, *index_request.Operation])
def test_every_operation_is_documented(operation: str) -> None:
    assert f"\n| `{operation}` | " in PAGE


@pytest.mark.parametrize("column", [column.name for table in metadata.sorted_tables for column in table.columns])
def test_every_column_is_documented(column: str) -> None:
    assert f"`{column}`" in PAGE
