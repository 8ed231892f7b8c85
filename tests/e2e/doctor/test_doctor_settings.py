"""What doctor says of the configuration and of directories."""

import os

import pytest
from compiling import Bench
from e2e.doctor.asked import doctor, mounted
from e2e.faults.scene import needs_root

from distcc_build.farm.loopback import Farm
from distcc_build.farm.nameserver import NameServer
from distcc_build.paths import launcher


def test_a_missing_home_is_named(bench: Bench) -> None:
    del bench.environ["HOME"]
    said = doctor(bench)
    assert said.check("configuration", "HOME")["text"].startswith("is not set")
    assert said.steps == ["set it in the environment of the build (in SCons: env['ENV']['HOME'])"]
    assert said.status == 1


@pytest.mark.parametrize("text", ["pattern = [1]\n", "not toml", 'domain = "..."\n'])
def test_a_configuration_that_cannot_be_used_is_named_and_nothing_is_asked(
    bench: Bench, text: str
) -> None:
    config = bench.directory / "home/.config/distcc-build/config.toml"
    config.parent.mkdir(parents=True, mode=0o700)
    config.write_text(text)
    config.chmod(0o600)
    with NameServer({}) as server:
        bench.environ["DISTCC_BUILD_NAMESERVERS"] = server.endpoint
        del bench.environ["DISTCC_BUILD_PATTERN"], bench.environ["DISTCC_BUILD_DOMAIN"]
        said = doctor(bench)
        assert server.queries == []
    assert str(config) in said.table["verdict"]
    assert said.steps[0] == "correct the file that is named"
    assert said.status == 7


def test_a_configuration_that_others_can_write_is_named(bench: Bench) -> None:
    config = bench.directory / "home/.config/distcc-build/config.toml"
    config.parent.mkdir(parents=True, mode=0o700)
    config.write_text("max_jobs = 500\n")
    config.chmod(0o666)
    said = doctor(bench)
    assert f"{config} is not believed: " in said.table["verdict"]
    assert said.steps[0] == f"chmod go-w {config}"
    assert said.status == 7


def test_settings_that_are_ignored_are_named(bench: Bench) -> None:
    bench.environ["DISTCC_BUILD_MAX_JOBS"] = "many"
    bench.environ["DISTCC_DIR"] = "/proc/nothing"
    said = doctor(bench)
    assert said.bad() == ["DISTCC_BUILD_MAX_JOBS", "DISTCC_DIR=/proc/nothing"]
    assert said.status == 1


def test_a_variable_that_is_mistyped_is_named_with_what_was_meant(bench: Bench) -> None:
    bench.environ |= {"DISTCC_BUILD_POTR": "1", "DISTCC_BUILD_XYZZY": "1"}
    said = doctor(bench)
    assert said.bad() == ["DISTCC_BUILD_POTR", "DISTCC_BUILD_XYZZY"]
    assert said.check("configuration", "DISTCC_BUILD_XYZZY")["text"] == "is unknown; it is ignored"
    assert said.steps == [
        "correct it (did you mean DISTCC_BUILD_PORT?), or take it away",
        "correct it, or take it away",
    ]


def test_a_setting_that_is_ignored_is_corrected_before_what_may_follow_from_it(
    bench: Bench,
) -> None:
    # The farm listens elsewhere than where distccd does without a word.
    bench.environ["DISTCC_BUILD_PORT"] = "x"
    said = doctor(bench)
    assert said.check("servers", "distcc1.")["text"].startswith("127.1.0.1  refused")
    assert [one["subjects"][0] for one in said.table["next"]] == [
        *("DISTCC_BUILD_PORT", "distcc1.farm.test")
    ]
    assert said.status == 7


def test_of_a_variable_one_thing_is_said(bench: Bench) -> None:
    bench.environ["DISTCC_BUILD_CACHE_DIR"] = "relative"
    said = doctor(bench)
    assert said.bad() == ["DISTCC_BUILD_CACHE_DIR=relative"]
    assert said.check("configuration", "DISTCC_BUILD_CACHE_DIR")["text"].endswith(" is used")


def test_a_machine_without_a_cache_directory_is_named(farm: Farm, bench: Bench) -> None:
    needs_root()
    bench.environ |= {"HOME": "/proc/home", "DISTCC_BUILD_CACHE_DIR": "/proc/cache"}
    (bench.directory / "tmp").mkdir()
    uid = os.geteuid()
    obstacle = f'"$m" --bind "{bench.directory}/tmp" /tmp && : >/tmp/distcc-build-{uid}'
    bench.environ["PATH"] = f"{launcher().parent}:/usr/bin:/bin"
    bench.environ["DISTCC_BUILD_PORT"] = str(farm.daemons.port)
    said = doctor(bench, prefix=mounted(obstacle))
    found = said.check("plans", "cache directory")
    assert found["status"] == "problem"
    assert found["remedy"].startswith("chmod 700 it")
    assert said.status == 7
    left = {one.name for one in (bench.directory / "tmp").iterdir()}
    assert left == {f"distcc-build-{uid}"}, "what it worked in is gone"
