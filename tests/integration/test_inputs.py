"""The hosts list and the configuration are found where distcc and XDG say."""

import os
import time
from pathlib import Path

import pytest

from distcc_build import inputs
from distcc_build.client import find_client
from distcc_build.errors import ConfigError
from distcc_build.farmfile import Farm
from distcc_build.inputs import read_inputs
from distcc_build.launch import Situation
from distcc_build.planning import make_plan
from distcc_build.search import surroundings

DEBIAN = "# As described in the distcc manpage, ...\n#\n127.0.0.1\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, with the system's own files out of sight."""
    monkeypatch.setattr(inputs, "SYSTEM_HOSTS", tmp_path / "etc-hosts")
    monkeypatch.setattr(inputs, "SYSTEM_CONFIG", tmp_path / "etc-config")
    (tmp_path / ".distcc").mkdir()
    return tmp_path


def test_the_variable_wins_even_when_it_is_empty(home: Path) -> None:
    (home / ".distcc/hosts").write_text("b")
    environ = {"HOME": str(home)}
    assert str(read_inputs(environ | {"DISTCC_HOSTS": "a"}).hosts) == "a"
    empty = read_inputs(environ | {"DISTCC_HOSTS": ""})
    assert (str(empty.hosts), empty.hosts_given) == ("", True)
    ours = read_inputs(environ | {"DISTCC_HOSTS": "expanded", "DISTCC_BUILD_HOSTS": "a"})
    assert str(ours.hosts) == "a"


def test_distcc_dir_comes_before_home_and_home_before_etc(home: Path) -> None:
    (home / "etc-hosts").write_text("c")
    assert str(read_inputs({"HOME": str(home)}).hosts) == "c"
    (home / ".distcc/hosts").write_text("b # comment")
    assert str(read_inputs({"HOME": str(home)}).hosts) == "b"
    (home / "own").mkdir()
    (home / "own/hosts").write_text("a")
    environ = {"HOME": str(home), "DISTCC_DIR": str(home / "own")}
    assert str(read_inputs(environ).hosts) == "a"
    assert str(read_inputs(environ | {"DISTCC_DIR": str(home / "none")}).hosts) == "c"


def test_no_list_and_debians_placeholder_ask_for_discovery(home: Path) -> None:
    none = read_inputs({"HOME": str(home)})
    assert (none.hosts.discover, none.hosts_given) == (True, False)
    (home / "etc-hosts").write_text(DEBIAN)
    placeholder = read_inputs({"HOME": str(home)})
    assert (placeholder.hosts.discover, placeholder.hosts_given) == (True, False)
    assert "placeholder" in placeholder.hosts_source
    (home / "etc-hosts").write_text(DEBIAN + "buildbox\n")
    assert str(read_inputs({"HOME": str(home)}).hosts) == "127.0.0.1 buildbox"


def test_the_placeholder_in_a_file_of_the_users_own_is_meant(home: Path) -> None:
    (home / ".distcc/hosts").write_text("localhost")
    assert str(read_inputs({"HOME": str(home)}).hosts) == "localhost"


def test_every_file_that_could_matter_is_named(home: Path) -> None:
    (home / "etc-hosts").write_text("c")
    read = read_inputs({"HOME": str(home)})
    expected = ["etc-config", ".config/distcc-build/config.toml", ".distcc/hosts", "etc-hosts"]
    assert read.files == tuple(str(home / one) for one in expected)
    (home / ".distcc/hosts").write_text("b")
    assert str(home / "etc-hosts") not in read_inputs({"HOME": str(home)}).files
    assert read_inputs({"DISTCC_HOSTS": ""}).files == (str(home / "etc-config"),)


def test_files_of_hosts_are_watched_whichever_farm_they_are_of(home: Path) -> None:
    own, other = home / "own", home / "other"
    own.write_text("10.1.0.1")
    (home / "etc-config").write_text(
        f'sources = ["--discover-file={own}"]\n[farm.arm]\ntargets = ["arm-*"]\n'
        f'sources = ["--discover-file={other}", "--discover-file={own}"]\n'
    )
    read = read_inputs({"HOME": str(home)})
    assert read.files[-2:] == (str(own), str(other))
    # As they were before anybody has read them.
    own.write_text("10.1.0.1 10.1.0.2")
    seen = {one.path: one for one in read.seen}
    assert (seen[str(own)].size, seen[str(other)].mtime_ns) == (8, None)


def test_configuration_is_read_from_xdg_and_from_home(home: Path) -> None:
    (home / "etc-config").write_text("gap = 1\nlimit = 2")
    own = home / ".config/distcc-build"
    own.mkdir(parents=True)
    (own / "config.toml").write_text("limit = 3")
    config = read_inputs({"HOME": str(home)}).config
    assert (config.gap, config.limit) == (1, 3)
    assert read_inputs({"HOME": str(home), "XDG_CONFIG_HOME": "relative"}).config.limit == 3
    assert read_inputs({"HOME": str(home), "XDG_CONFIG_HOME": str(home)}).config.limit == 2
    assert read_inputs({}).config.limit == 2


def test_a_file_that_cannot_be_read_is_named(home: Path) -> None:
    (home / ".distcc/hosts").mkdir()
    with pytest.raises(ConfigError, match=r"\.distcc/hosts: .*mend or remove it"):
        read_inputs({"HOME": str(home)})


def test_bytes_that_are_no_text_are_problems_and_not_more(home: Path) -> None:
    (home / ".distcc/hosts").write_bytes(b"\xff\xfe a\x00b c")
    read = read_inputs({"HOME": str(home)})
    assert str(read.hosts) == "c"
    assert len(read.warnings) == 2


def test_a_plan_rests_on_the_files_as_they_were_read(home: Path) -> None:
    """What is forbidden while servers are looked for must not wait until the plan is too old."""
    own = home / ".config/distcc-build/config.toml"
    own.parent.mkdir(parents=True)
    own.write_text("gap = 1")
    environ = {"HOME": str(home), "PATH": os.environ["PATH"], "DISTCC_BUILD": "off"}
    read = read_inputs(environ)
    before = own.stat()
    own.write_text('only = ["10.1.0.0/16"]')
    (home / ".distcc/hosts").write_text("b")
    situation = Situation(read, None, environ["PATH"], find_client(environ["PATH"], home))
    plan = make_plan("gcc", situation, environ, home, time.time())
    rests_on = {one.path: one for one in plan.dependencies}
    assert rests_on[str(own)].mtime_ns == before.st_mtime_ns
    assert rests_on[str(own)].size == before.st_size
    assert rests_on[str(home / ".distcc/hosts")].mtime_ns is None


def test_a_plan_for_a_network_that_has_changed_is_soon_over(home: Path) -> None:
    environ = {"HOME": str(home), "PATH": os.environ["PATH"]}
    read, now = read_inputs(environ), time.time()
    for network, kept in ((surroundings(read.config)[1], 900), ("another", 1)):
        farm = Farm(now, now + 300, now + 900, network)
        situation = Situation(read, farm, environ["PATH"], find_client(environ["PATH"], home))
        plan = make_plan("gcc", situation, environ, home, now)
        assert plan.stale == int(now + kept)
