"""What is printed with --json is what its schema says, field by field, however the farm is."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commanding import command, environ
from e2e.farm_of_six import CAUSES, six_servers
from jsonschema import Draft202012Validator

import distcc_build
from distcc_build.__main__ import parser
from distcc_build.doctor.findings import Loss, Status
from distcc_build.farm.loopback import Farm
from distcc_build.farm.nameserver import NameServer
from distcc_build.policy import State
from distcc_build.taskfile import Phase
from distcc_build.verdict import Cause

SCHEMAS = Path(distcc_build.__file__).parent / "schemas"


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))
    return found


def checked(env: dict[str, str], *words: str, status: int = 0) -> Any:
    """What a command says with --json, which its schema allows."""
    done = command(*words[:1], "--json", *words[1:], env=env)
    assert done.status == status, done
    said = json.loads(done.out)
    Draft202012Validator(schema(words[0])).validate(said)
    # Missing or additional, a field is an error: the schema itself is held to that below.
    assert said["version"] == 1
    return said


@pytest.fixture(scope="module")
def farm() -> Iterator[Farm]:
    with Farm(servers=3) as running:
        yield running


@pytest.fixture(scope="module")
def six() -> Iterator[Farm]:
    with six_servers() as running:
        yield running


def parts(of: Any) -> Iterator[dict[str, Any]]:
    """All schemas in a schema."""
    if isinstance(of, dict):
        yield of
        for value in of.values():
            yield from parts(value)


def test_every_command_with_json_has_a_schema_that_can_be_printed(tmp_path: Path) -> None:
    commands = parser().commands()
    with_json = {name for name, one in commands.items() if "--json" in one.options()}
    assert {one.stem for one in SCHEMAS.glob("*.json")} == with_json
    for name in with_json:
        done = command("schema", name, env=environ(tmp_path))
        assert (done.status, done.err) == (0, "")
        assert done.out == (SCHEMAS / f"{name}.json").read_text("utf-8")


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.stem)
def test_a_schema_says_everything_and_allows_nothing_else(path: Path) -> None:
    whole = schema(path.stem)
    Draft202012Validator.check_schema(whole)
    assert whole["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert (
        whole["$id"]
        == f"urn:distcc-build:schema:{path.stem}:{whole['properties']['version']['const']}"
    )
    assert path.stem in whole["title"]
    for part in parts(whole):
        if "properties" not in part or not isinstance(part.get("type"), str):
            continue
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])
        for name, one in part["properties"].items():
            assert one.get("description") or "$ref" in one, name


def test_the_words_of_the_schemas_are_those_of_the_program() -> None:
    server = schema("hosts")["properties"]["servers"]["items"]
    assert server["properties"]["state"]["enum"] == [one.value for one in State]
    verdict = schema("servers")["$defs"]["verdict"]
    assert verdict["properties"]["cause"]["enum"] == [one.value for one in Cause]
    check = schema("doctor")["$defs"]["check"]["properties"]
    assert check["status"]["enum"] == [one.value for one in Status]
    assert check["loss"]["enum"] == [one.name.lower() for one in Loss]
    job = schema("top")["properties"]["jobs"]["items"]
    shown = [one.word for one in Phase if one is not Phase.DONE]
    assert job["properties"]["phase"]["enum"] == shown


def test_a_good_farm(farm: Farm, tmp_path: Path) -> None:
    env = environ(tmp_path, farm.exports)
    (tmp_path / "x.c").write_text("int x;\n")
    said = checked(env, "hosts")
    assert [one["state"] for one in said["servers"]] == ["used"] * 3
    said = checked(env, "servers", "--compiler", "gcc", "--compiler", "no-such-compiler")
    assert [one["state"] for one in said["servers"]] == ["good"] * 3
    assert list(said["compilers"]) == ["no-such-compiler"]
    said = checked(env, "why", "--", "gcc", "-c", f"{tmp_path}/x.c")
    assert said["distributed"] is True
    assert len(said["hosts"]) >= 3
    # Words are added where distcc would write the dependencies elsewhere.
    said = checked(env, "why", "--", "gcc", "-MMD", "-c", f"{tmp_path}/x.c", "-o", "out.obj")
    assert said["added"]
    local = checked(env, "why", "--", "gcc", "-E", "x.c", status=1)
    assert (local["distributed"], local["decided_by"]) == (False, "the launcher")
    gone = checked(env, "why", "--", "no-such-compiler", "-c", "x.c", status=1)
    assert gone["why_here"] == "'no-such-compiler': there is no such compiler"


def test_what_was_recorded(farm: Farm, tmp_path: Path) -> None:
    env = environ(tmp_path, {**farm.exports, "DISTCC_BUILD_CACHE_DIR": str(tmp_path / "cache")})
    assert checked(env, "stats")["compiles"] == 0
    env["DISTCC_BUILD_RECORD"] = "1"
    (tmp_path / "x.c").write_text("int x;\n")
    for words in (["-c", "x.c"], ["-S", "-E", "x.c", "-o", "x.i"], ["-c", "none.c"], ["-S", "x.c"]):
        subprocess.run(["distcc-launch", "gcc", *words], cwd=tmp_path, env=env, check=False)
    said = checked(env, "stats")
    assert (said["recording"], said["compiles"] > 0) == (True, True)
    assert said["servers"]
    assert said["causes"]


def test_what_clients_do(farm: Farm, tmp_path: Path) -> None:
    env = environ(tmp_path, farm.exports)
    checked(env, "hosts")
    said = checked(env, "top")
    assert [one["name"] for one in said["servers"]] == [f"distcc{n}.farm.test" for n in (1, 2, 3)]
    assert said["jobs"] == []
    gone = checked(env, "top", str(tmp_path / "none"))
    assert len(gone["problems"]) == 1


def test_a_farm_of_six_of_which_five_fail(six: Farm, tmp_path: Path) -> None:
    env = environ(tmp_path, six.exports)
    said = checked(env, "servers", "--compiler", "gcc", "-o", "stats=on")
    assert [one["state"] for one in said["servers"]] == list(CAUSES.values())
    assert len(checked(env, "hosts")["servers"]) == 6


def test_no_farm_and_none_wanted(tmp_path: Path) -> None:
    env = environ(tmp_path, {"DISTCC_BUILD_DOMAIN": "farm.test"})
    said = checked(env, "hosts")
    assert (said["discovered"], said["degraded"], said["servers"]) == (True, True, [])
    (row,) = checked(env, "servers")["servers"]
    assert (row["state"], row["address"]) == ("not known", None)
    with NameServer({}) as server:
        empty = {**env, "DISTCC_BUILD_NAMESERVERS": server.endpoint}
        assert checked(empty, "servers", status=1)["servers"] == []
        assert checked(empty, "hosts", "--refresh")["degraded"] is False
    assert checked(env, "why", "--", "gcc", "-c", "x.c", status=1)["decided_by"] == "the plan"
    listed = {**env, "DISTCC_HOSTS": "10.0.0.1", "DISTCC_BUILD_GAP": "x"}
    said = checked(listed, "hosts")
    assert (said["discovered"], said["domain"], said["hosts"]) == (False, None, "10.0.0.1")
    assert len(said["warnings"]) == 1
    assert checked({**env, "DISTCC_BUILD": "off"}, "hosts")["discovered"] is False
    said = checked({**env, "DISTCC_BUILD": "off"}, "why", "--", "gcc", "-c", "x.c", status=1)
    assert said["why_here"] == "DISTCC_BUILD switches it off"


ZONES = {
    "an address twice": ({1: "127.1.0.1", 2: "127.1.0.1"}, {"duplicate"}, {"duplicate"}),
    "a hole": ({1: "127.1.0.1", 3: "127.1.0.3"}, {"not reached"}, {"used"}),
    "an address of the internet": ({1: "8.8.8.8"}, {"not allowed"}, {"refused"}),
    "another network": ({1: "127.1.0.1", 2: "127.9.0.1"}, {"other network"}, {"used"}),
}


@pytest.mark.parametrize("zone", ZONES)
def test_names_that_are_no_servers(zone: str, tmp_path: Path) -> None:
    addresses, states, at_hosts = ZONES[zone]
    records = {f"distcc{n}.farm.test.": [f"60 A {one}"] for n, one in addresses.items()}
    with NameServer(records) as server:
        env = environ(
            tmp_path,
            {
                "DISTCC_HOSTS": "--discover-distccN",
                "DISTCC_BUILD_NAMESERVERS": server.endpoint,
                "DISTCC_BUILD_DOMAIN": "farm.test",
                "DISTCC_BUILD_ALLOW_LOOPBACK": "1",
            },
        )
        said = checked(env, "servers", "--compiler", "gcc")
        assert states <= {one["state"] for one in said["servers"]}
        assert at_hosts <= {one["state"] for one in checked(env, "hosts")["servers"]}
