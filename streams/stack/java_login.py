"""librdkafka's properties of a log-in in the words of Kafka's Java tools, which read them from a file."""

import os
from collections.abc import Mapping

from streams.mistake import UserMistake

MODULES = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}
"""The mechanisms that are a name and a password, and who knows them in Java."""

MECHANISM, MECHANISMS = "sasl.mechanism", "sasl.mechanisms"
TRANSLATED = frozenset(
    {"security.protocol", MECHANISM, MECHANISMS, "sasl.username", "sasl.password", "ssl.ca.location",
     "ssl.endpoint.identification.algorithm"}
)  # fmt: skip
SECURITY = ("security.", "sasl.", "ssl.", "enable.ssl.")


def java_properties(properties: Mapping[str, str]) -> dict[str, str]:
    """The properties of a Java client with the same log-in; none where there is nothing to say.

    Raises UserMistake for a kind of log-in that has no such form here.
    """
    asked = {name: value for name, value in properties.items() if name.startswith(SECURITY)}
    unknown = sorted(asked.keys() - TRANSLATED)
    if unknown:
        raise UserMistake(
            f"kafka-tool can't hand {unknown[0]!r} to Kafka's own tools: "
            "give them a file of your own with --command-config (console tools: --consumer.config, --producer.config)"
        )
    found = {name: asked[name] for name in ("security.protocol",) if name in asked}
    mechanism = asked.get(MECHANISM, asked.get(MECHANISMS))
    if mechanism is not None:
        found["sasl.mechanism"] = mechanism
        found["sasl.jaas.config"] = jaas(mechanism, asked.get("sasl.username", ""), asked.get("sasl.password", ""))
    if "ssl.ca.location" in asked:
        found |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": asked["ssl.ca.location"]}
    algorithm = asked.get("ssl.endpoint.identification.algorithm")
    if algorithm is not None:
        found["ssl.endpoint.identification.algorithm"] = "" if algorithm == "none" else algorithm
    return found


def jaas(mechanism: str, user: str, password: str) -> str:
    """The log-in as Java's configuration of it. Raises UserMistake for a mechanism that is more than a password."""
    if mechanism not in MODULES:
        raise UserMistake(
            f"kafka-tool can't log in to Kafka's own tools with {mechanism}: give them a file of your own "
            "with --command-config (console tools: --consumer.config, --producer.config)"
        )
    return f'{MODULES[mechanism]} required username="{quoted(user)}" password="{quoted(password)}";'


def quoted(text: str) -> str:
    """A text as it stands between quotes in a JAAS configuration."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def as_file(properties: Mapping[str, str]) -> str:
    """Java's form of a properties file."""
    return "".join(f"{name}={value.replace(chr(92), chr(92) * 2)}\n" for name, value in properties.items())


def handed_over(text: str) -> str:
    """The path under which the program that this process becomes, and its owner alone, reads the text.

    It lies in memory that goes with the process: nothing with a password in it is left behind.
    """
    memory = os.memfd_create("client.properties", flags=0)
    os.fchmod(memory, 0o600)
    os.write(memory, text.encode())
    os.lseek(memory, 0, os.SEEK_SET)
    return f"/proc/self/fd/{memory}"
