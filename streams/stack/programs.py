"""The programs that the local stack needs on this machine, and one clear line for each that is missing."""

import re
import shutil
import subprocess

from streams.mistake import UserMistake

JAVA = 17


def java() -> str:
    """The path of a Java that can run the stack.

    Raises UserMistake when there is none, or when it is too old.
    """
    path = found(
        "java", f"Java is missing: install a Java {JAVA} runtime (Debian, Ubuntu: openjdk-{JAVA}-jre-headless)"
    )
    version = java_version(path)
    if version < JAVA:
        raise UserMistake(f"Java {version} at {path} is too old: install Java {JAVA} or newer, first on the PATH")
    return path


def java_version(path: str) -> int:
    """The feature version of this Java; 1.8 counts as 8."""
    shown = subprocess.run([path, "-version"], capture_output=True, text=True, check=False).stderr
    match = re.search(r'version "(?:1\.)?(\d+)', shown)
    if match is None:
        raise UserMistake(f"{path} -version says {shown.strip()!r}: install Java {JAVA} or newer, first on the PATH")
    return int(match.group(1))


def maven() -> str:
    """The path of Maven, which fetches the jars.

    Raises UserMistake when there is none.
    """
    return found("mvn", "Maven is missing: install it (Debian, Ubuntu: maven); it fetches Kafka and the registry")


def docker() -> str:
    """The path of Docker's client.

    Raises UserMistake when there is none.
    """
    return found("docker", "Docker is missing: install it with its compose plugin, or install Java and Maven instead")


def found(program: str, problem: str) -> str:
    """The path of a program. Raises UserMistake with the problem when it is not on the PATH."""
    path = shutil.which(program)
    if path is None:
        raise UserMistake(problem)
    return path


def engine(chosen: str) -> str:
    """`java` or `docker`: what runs the stack on this machine; Java (with Maven for its jars) where both could.

    Raises UserMistake when `auto` finds neither.
    """
    if chosen != "auto":
        return chosen
    if shutil.which("java") and shutil.which("mvn"):
        return "java"
    if shutil.which("docker"):
        return "docker"
    if shutil.which("java"):
        return "java"
    raise UserMistake(
        f"neither Java nor Docker is installed: install Java {JAVA} and Maven "
        f"(Debian, Ubuntu: openjdk-{JAVA}-jre-headless and maven), or Docker with its compose plugin"
    )
