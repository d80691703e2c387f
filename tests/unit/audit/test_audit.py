"""What `make audit` looks at: pins, licences, a bill of materials; no answer is taken for a good one."""

import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from scripts.audit import jars, licences, pins, sbom
from scripts.audit.__main__ import UNKNOWN, WELL, WRONG, verdict
from scripts.audit.vulnerabilities import CANARY, NotAnswered, ask_all, understood

ROOT = Path(__file__).parents[3]
PINS = pins.read(ROOT / "requirements.txt")
DIGEST = "0" * 64


def test_every_pin_has_hashes_and_none_is_there_twice() -> None:
    assert len(PINS) > 100
    assert pins.problems(PINS) == []


@pytest.mark.parametrize("pin", PINS, ids=lambda pin: pin.name)
def test_every_pin_is_under_a_licence_that_may_be(pin: pins.Pin) -> None:
    assert licences.problem(pin.name, licences.licence_of(pin.name)) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a==1", "a 1 has no hash"),
        (f"a==1 --hash=sha256:{DIGEST}\nA==2 --hash=sha256:{DIGEST}", "a is pinned more than once"),
    ],
)
def test_what_is_wrong_with_pins_is_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(text)
    assert any(message in one for one in pins.problems(pins.read(path)))


@pytest.mark.parametrize("text", ["a>=1", "a", "-e .", "a==1 --hash=md5:00", "a==1 --hash=sha256:00"])
def test_what_is_no_pin_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"requirements\.txt"):
        pins.read(path)


def test_markers_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(f"# note\na.b_c==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:{DIGEST}\n")
    (pin,) = pins.read(path)
    assert (pin.marker, pin.purl, pin.hashes) == ("sys_platform == 'win32'", "pkg:pypi/a-b-c@1.0", (DIGEST,))


@pytest.mark.parametrize(
    ("expression", "may"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only AND MIT", False),
        ("(GPL-3.0-only OR MIT) AND BSD-3-Clause", True),
        ("MIT AND (GPL-3.0-only OR AGPL-3.0-only)", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("Apache-2.0 WITH something", False),
        ("LicenseRef-NVIDIA-Proprietary", True),
        ("", False),
    ],
)
def test_expressions_are_judged_by_their_parts(expression: str, may: bool) -> None:
    assert licences.allowed(expression) is may


def test_a_package_without_a_licence_is_told() -> None:
    assert "does not say its licence" in str(licences.problem("x", None))
    assert "on no list" in str(licences.problem("x", "Proprietary"))


def jar(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def test_a_jar_says_who_it_is_and_its_licence(tmp_path: Path) -> None:
    pom = "<project><licenses><license><name> The Apache License </name></license></licenses></project>"
    path = jar(tmp_path / "name-1.2.3.jar", **{"META-INF/maven/group/name/pom.xml": pom})
    (found,) = jars.find(tmp_path)
    assert (found.purl, found.licence) == ("pkg:maven/group/name@1.2.3", "The Apache License")
    assert found.digest == sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("name", "purl"),
    [
        ("kafka_2.13-4.1.1.jar", "pkg:maven/kafka_2.13@4.1.1"),
        ("netty-transport-native-epoll-4.1.118.Final-linux-x86_64.jar", "netty-transport-native-epoll@4.1.118.Final"),
        ("modified-com.h2database.h2-2.3.230.jar", "pkg:maven/com.h2database.h2@2.3.230"),
        ("apicurio-registry-app-3.0.9-runner.jar", "pkg:maven/apicurio-registry-app@3.0.9"),
    ],
)
def test_a_jar_that_says_nothing_is_known_by_its_file(tmp_path: Path, name: str, purl: str) -> None:
    found = jars.read(jar(tmp_path / name, **{"LICENSE.txt": "Apache License\nVersion 2.0"}))
    assert found is not None
    assert found.purl.endswith(purl)
    assert found.licence == "Apache-2.0"


def test_the_bill_names_everything_with_its_digests() -> None:
    library = jars.Jar("org.apache.kafka", "kafka-clients", "4.1.1", DIGEST, "Apache-2.0")
    licensed = [(pin, licences.licence_of(pin.name)) for pin in PINS]
    made = json.loads(json.dumps(sbom.bill("sluicegate", "1", licensed, [library], "2026-01-01T00:00:00Z")))
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    refs = [one["bom-ref"] for one in made["components"]]
    assert len(set(refs)) == len(refs) == len(PINS) + 1
    assert all(one["hashes"] and one["licenses"] for one in made["components"])
    assert {one["ref"] for one in made["dependencies"]} == {made["metadata"]["component"]["bom-ref"]}
    assert made["components"][-1]["scope"] == "excluded"


def said(*vulnerable: str, skipped: tuple[str, ...] = ()) -> str:
    found = [{"name": one, "version": "1", "vulns": [{"id": "CVE-1"}]} for one in vulnerable]
    return json.dumps({"dependencies": [*found, *({"name": one, "skip_reason": "not found"} for one in skipped)]})


def service(canary: str, pinned: str) -> Callable[[str, Path], str]:
    return lambda service, path: canary if path.read_text().strip() == CANARY else pinned


def test_what_is_vulnerable_is_named(tmp_path: Path) -> None:
    answer = ask_all(ROOT / "requirements.txt", tmp_path, service(said("jinja2"), said("a", skipped=("b",))))
    assert answer.found == ("a 1: CVE-1",)
    assert (answer.known, answer.unknown) == (1, ("b",))


@pytest.mark.parametrize(
    ("canary", "reason"),
    [
        (said(), "finds nothing in"),
        (said(skipped=("jinja2",)), "finds nothing in"),
        ("ConnectionError: no network", "no answer: ConnectionError"),
        ("", "no answer: nothing"),
        ("[]", "no answer"),
    ],
)
def test_a_service_that_does_not_know_the_canary_is_not_believed(tmp_path: Path, canary: str, reason: str) -> None:
    with pytest.raises(NotAnswered, match=reason):
        ask_all(ROOT / "requirements.txt", tmp_path, service(canary, said()))


def test_an_answer_is_understood_or_none() -> None:
    assert understood("osv", said("a")).known == 1
    with pytest.raises(NotAnswered):
        understood("osv", '{"dependencies": 5}')


def test_the_exit_code_says_whether_anything_is_wrong_or_unknown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def nobody(*_: object) -> None:
        raise NotAnswered("no network")

    monkeypatch.setattr("scripts.audit.__main__.BUILD", tmp_path)
    monkeypatch.setattr("scripts.audit.__main__.ask_all", nobody)
    assert verdict([], ROOT / "requirements.txt") == UNKNOWN
    assert "NOT CHECKED (no network)" in capsys.readouterr().out
    assert verdict(["a licence"], ROOT / "requirements.txt") == WRONG
    assert verdict([], None) == WELL
    assert "NOT ASKED" in capsys.readouterr().out
