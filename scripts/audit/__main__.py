"""`make audit`: pins, licences, known vulnerabilities, and the bill of materials in build/sbom.json.

Exit code 0: all is well. 1: something is wrong. 3: nothing is wrong, but nobody could be asked for known
vulnerabilities; `--offline` does not ask, and says so.
"""

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from scripts.audit import jars, licences, pins, sbom
from scripts.audit.vulnerabilities import NotAnswered, ask_all

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build"
WELL, WRONG, UNKNOWN = 0, 1, 3


def main() -> int:
    """Looks at everything; the exit code."""
    parser = ArgumentParser(prog="make audit", description=__doc__)
    parser.add_argument("--offline", action="store_true", help="do not ask for known vulnerabilities")
    offline = parser.parse_args().offline
    requirements = ROOT / "requirements.txt"
    listed = pins.read(requirements)
    licensed = [(pin, licences.licence_of(pin.name)) for pin in listed]
    wrong = [*pins.problems(listed), *(found for pin, one in licensed if (found := licences.problem(pin.name, one)))]
    print(f"pins: {len(listed)}, {sum(len(pin.hashes) for pin in listed)} hashes")
    for licence, count in Counter(str(one) for _, one in licensed).most_common():
        reason = licences.EXCEPTIONS.get(licence)
        print(f"  {count:4} {licence}{f' ({reason})' if reason else ''}")
    fetched = jars.find(ROOT / ".sluicegate" / "jars")
    unstated = sum(jar.licence is None for jar in fetched)
    print(f"jars of the local stack: {len(fetched)}, of which {unstated} do not state their licence")
    write(licensed, fetched)
    return verdict(wrong, None if offline else requirements)


def write(licensed: list[tuple[pins.Pin, str | None]], fetched: list[jars.Jar]) -> None:
    """The bill of materials."""
    at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    made = sbom.bill("sluicegate", metadata.version("sluicegate"), licensed, fetched, at)
    path = BUILD / "sbom.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(made, indent=1))
    print(f"bill of materials: {path.relative_to(ROOT)}, {len(made['components'])} components (CycloneDX 1.6)")


def verdict(wrong: list[str], requirements: Path | None) -> int:
    """Tells what was found; the exit code. Without `requirements`, nobody is asked."""
    code = UNKNOWN
    if requirements is None:
        print("known vulnerabilities: NOT ASKED (--offline)")
        code = WELL
    else:
        folder = BUILD / "audit"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            answer = ask_all(requirements, folder)
            wrong = [*wrong, *answer.found]
            code = WELL if not answer.unknown else UNKNOWN
            print(f"known vulnerabilities: {len(answer.found)} in {answer.known} packages, says {answer.service}")
            if answer.unknown:
                print(f"NOT CHECKED, {answer.service} does not know them: {', '.join(answer.unknown)}")
        except NotAnswered as error:
            print(f"known vulnerabilities: NOT CHECKED ({error})")
    for one in wrong:
        print(f"WRONG: {one}")
    return WRONG if wrong else code


if __name__ == "__main__":
    sys.exit(main())
