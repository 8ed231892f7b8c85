"""What those who watch learn of the hosts that compiles are given, without asking anybody."""

import os
from pathlib import Path

import pytest

from distcc_build.hostspec import Kind
from distcc_build.taskfile import HERE, Place
from distcc_build.top.standing import Standing, backoff_period, distcc_dirs


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / ".distcc").mkdir()
    (tmp_path / "cache").mkdir(mode=0o700)
    return {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}


def tcp(host: str) -> Place:
    return Place(Kind.TCP, host, 3632)


def test_a_list_is_read_again_when_it_has_changed(environ: dict[str, str], tmp_path: Path) -> None:
    hosts = tmp_path / ".distcc/hosts"
    hosts.write_text("a/3 b/4 localhost/9")
    standing = Standing(environ, tmp_path / "cache")
    assert dict(standing.read().limits) == {tcp("a"): 3, tcp("b"): 4, HERE: 9}
    assert standing.read() is standing.read()
    (tmp_path / "new").write_text("c")
    (tmp_path / "new").replace(hosts)
    assert dict(standing.read().limits) == {tcp("c"): 4, HERE: 8}
    assert list((tmp_path / ".distcc").iterdir()) == [hosts]
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_list_counts_without_a_cache_too(environ: dict[str, str]) -> None:
    limits = Standing({**environ, "DISTCC_HOSTS": "a/3"}, None).read().limits
    assert dict(limits) == {tcp("a"): 3, HERE: 8}


def test_a_configuration_that_cannot_be_used_is_told_of_until_it_is_mended(
    environ: dict[str, str], tmp_path: Path
) -> None:
    config = tmp_path / ".config/distcc-build/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("limit = [")
    standing = Standing({**environ, "DISTCC_HOSTS": "a"}, tmp_path / "cache")
    problem = standing.read().problem
    assert problem.startswith("the limits of servers are not known: ")
    assert str(config) in problem
    config.write_text("")
    assert (standing.read().problem, tcp("a") in standing.read().limits) == ("", True)


@pytest.mark.parametrize(
    ("text", "seconds"), [(None, 10), ("", 10), ("60", 60), ("0", 0), ("-1", 10), ("soon", 10)]
)
def test_the_period_is_the_users_if_it_is_a_number(text: str | None, seconds: float) -> None:
    environ = {} if text is None else {"DISTCC_BACKOFF_PERIOD": text}
    assert backoff_period(environ) == seconds


def test_one_directory_by_two_names_is_looked_at_once(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "cache/distcc").symlink_to(tmp_path / ".distcc")
    assert distcc_dirs(environ, tmp_path / "cache") == [tmp_path / ".distcc"]
    relative = os.path.relpath(tmp_path / "given")
    assert distcc_dirs({**environ, "DISTCC_DIR": relative}, None) == [tmp_path / "given"]
