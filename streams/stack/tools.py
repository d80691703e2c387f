"""Kafka's own command line tools, run from the jars."""

import os
from collections.abc import Mapping
from typing import NoReturn

from streams.mistake import UserMistake
from streams.settings import Settings
from streams.stack import compose, containers, jars, kafka, programs
from streams.stack.java_login import as_file, handed_over, java_properties
from streams.stack.layout import Layout

TOOLS = {
    "acls": "org.apache.kafka.tools.AclCommand",
    "broker-api-versions": "org.apache.kafka.tools.BrokerApiVersionsCommand",
    "cluster": "org.apache.kafka.tools.ClusterTool",
    "configs": "kafka.admin.ConfigCommand",
    "console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "console-producer": "org.apache.kafka.tools.ConsoleProducer",
    "consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "consumer-perf-test": "org.apache.kafka.tools.ConsumerPerformance",
    "delete-records": "org.apache.kafka.tools.DeleteRecordsCommand",
    "dump-log": "kafka.tools.DumpLogSegments",
    "features": "org.apache.kafka.tools.FeatureCommand",
    "get-offsets": "org.apache.kafka.tools.GetOffsetShell",
    "groups": "org.apache.kafka.tools.GroupsCommand",
    "leader-election": "org.apache.kafka.tools.LeaderElectionCommand",
    "log-dirs": "org.apache.kafka.tools.LogDirsCommand",
    "metadata-quorum": "org.apache.kafka.tools.MetadataQuorumCommand",
    "producer-perf-test": "org.apache.kafka.tools.ProducerPerformance",
    "reassign-partitions": "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
    "storage": "kafka.tools.StorageTool",
    "topics": "org.apache.kafka.tools.TopicCommand",
    "transactions": "org.apache.kafka.tools.TransactionsCommand",
}
"""The name of each tool, as its script in Kafka's distribution has it after `kafka-`, and its class."""

OFFLINE = frozenset({"dump-log", "storage"})
"""Tools that read files and know no server."""

LOGIN_OPTIONS = {
    "cluster": "--config",
    "console-consumer": "--consumer.config",
    "console-producer": "--producer.config",
    "consumer-perf-test": "--consumer.config",
    "leader-election": "--admin.config",
    "producer-perf-test": "--producer.config",
}
"""How tools are told where their client's properties are; all others: --command-config."""

OPTION_LAST = frozenset({"cluster"})
"""Tools whose sub-command comes before its options; all others' comes after those that say where and who."""


def command(name: str, arguments: list[str], settings: Settings) -> list[str]:
    """The command line that runs a tool; the cluster's address is added where it is not given.

    Raises UserMistake for a tool that is not there.
    """
    if name not in TOOLS:
        raise UserMistake(f"Kafka has no tool {name!r} here; `sluicegate kafka-tool --list` shows those it has")
    login = java_properties(settings.kafka.properties)
    if programs.engine(settings.stack.engine) == "docker":
        if login:
            raise UserMistake("kafka-tool logs in from Java alone, not from a container: install Java and Maven")
        script = f"/opt/kafka/bin/kafka-{name}.sh"
        inside = containers.command(settings, "exec", "--no-TTY", "kafka", script)
        return [*inside, *with_server(name, arguments, compose.reached_inside(settings))]
    layout = Layout.of(settings.stack)
    java = [programs.java(), "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    java += [kafka.configuration("tools-log4j2.properties"), "-cp", kafka.classpath(layout), TOOLS[name]]
    addressed = with_server(name, arguments, settings.kafka.bootstrap_servers)
    return [*java, *with_login(name, addressed, login)]


def with_login(name: str, arguments: list[str], login: Mapping[str, str]) -> list[str]:
    """The arguments with the option that says how to log in, unless the user gave it or there is nothing to say.

    The tool reads it from a file: everybody may read a process's arguments.
    """
    option = LOGIN_OPTIONS.get(name, "--command-config")
    asked_help = any(argument.startswith("--help") for argument in arguments)
    given = any(argument.startswith((option, "--command-config")) for argument in arguments)
    if not login or given or asked_help or name in OFFLINE:
        return arguments
    told = [option, handed_over(as_file(login))]
    return [*arguments, *told] if name in OPTION_LAST else [*told, *arguments]


def with_server(name: str, arguments: list[str], address: str) -> list[str]:
    """The arguments with the option that names the cluster, unless the user gave it or the tool has none."""
    given = any(argument.startswith(("--bootstrap-", "--producer-props", "--help")) for argument in arguments)
    if name in OFFLINE or given:
        return arguments
    if name == "producer-perf-test":
        return [*arguments, "--producer-props", f"bootstrap.servers={address}"]
    if name in OPTION_LAST:
        return [*arguments, "--bootstrap-server", address]
    return ["--bootstrap-server", address, *arguments]


def run(name: str, arguments: list[str], settings: Settings) -> NoReturn:
    """Become the tool: its input, output, signals and exit code are this process's own."""
    if programs.engine(settings.stack.engine) == "java":
        jars.fetch(Layout.of(settings.stack).jars, lambda _line: None)
    line = command(name, arguments, settings)
    os.execv(line[0], line)
