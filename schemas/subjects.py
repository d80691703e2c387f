"""Subjects: under which name the registry keeps a topic's schemas."""


def subject(topic: str, record: str | None = None) -> str:
    """`<topic>-value` for a topic with one record type, `<topic>-<record>` where it carries several."""
    return f"{topic}-{record or 'value'}"
