"""Configuration and hosts lists that others could have written are not believed, nor forgotten."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from distcc_build import inputs, trust
from distcc_build.client import Client
from distcc_build.errors import ConfigError
from distcc_build.hosts import parse_hosts
from distcc_build.inputs import read_inputs
from distcc_build.launch import Situation, distcc_environment

OTHER = 12345
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
FILES = (".config/distcc-build/config.toml", ".distcc/hosts")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with both files, and the system's own out of sight."""
    monkeypatch.setattr(inputs, "SYSTEM_HOSTS", tmp_path / "etc/hosts")
    monkeypatch.setattr(inputs, "SYSTEM_CONFIG", tmp_path / "etc/config.toml")
    home = tmp_path / "home"
    for name, text in zip(FILES, ('only = ["10.1.0.0/16"]', "a/3"), strict=True):
        (home / name).parent.mkdir(parents=True)
        (home / name).write_text(text)
        (home / name).chmod(0o644)
    return home


def read(home: Path, **more: str) -> tuple[str, bool]:
    found = read_inputs({"HOME": str(home), **more})
    return str(found.hosts), bool(found.config.only)


def writable(path: Path) -> None:
    path.chmod(0o646)


def group_writable(path: Path) -> None:
    path.chmod(0o664)
    os.chown(path, -1, OTHER)


def of_another(path: Path) -> None:
    os.chown(path, OTHER, -1)


def folder_writable(path: Path) -> None:
    path.parent.chmod(0o777)


def folder_group_writable(path: Path) -> None:
    path.parent.chmod(0o775)
    os.chown(path.parent, -1, OTHER)


def folder_of_another(path: Path) -> None:
    os.chown(path.parent, OTHER, -1)


def linked_to_a_writable_one(path: Path) -> None:
    target = path.with_name("target")
    path.rename(target)
    target.chmod(0o666)
    path.symlink_to("target")


def linked_from_a_writable_folder(path: Path) -> None:
    target = path.parents[2] / "target"
    path.rename(target)
    path.symlink_to(target)
    path.parent.chmod(0o777)


def linked_into_a_writable_folder(path: Path) -> None:
    folder = path.parent.parent / "open"
    folder.mkdir()
    path.rename(folder / "target")
    path.symlink_to(folder / "target")
    folder.chmod(0o777)


PLANTED = [
    *(writable, folder_writable, linked_to_a_writable_one),
    *(linked_from_a_writable_folder, linked_into_a_writable_folder),
    *(
        pytest.param(one, marks=as_root)
        for one in (*(group_writable, of_another, folder_group_writable, folder_of_another),)
    ),
]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("plant", PLANTED)
def test_what_others_could_have_written_is_an_error(
    home: Path, name: str, plant: Callable[[Path], None]
) -> None:
    assert read(home) == ("a/3", True)
    plant(home / name)
    with pytest.raises(
        ConfigError, match=r"is not believed: .*(chmod go-w|neither to you)"
    ) as told:
        read(home)
    assert str(told.value).startswith(str(home / name))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", FILES)
def test_a_home_that_others_can_write_to(home: Path, name: str) -> None:
    home.chmod(0o777)
    with pytest.raises(ConfigError, match="chmod go-w"):
        read(home)


def test_the_files_of_the_system_are_held_to_the_same_rules(home: Path) -> None:
    etc = inputs.SYSTEM_CONFIG.parent
    etc.mkdir()
    inputs.SYSTEM_CONFIG.write_text("gap = 2")
    assert read_inputs({"HOME": str(home)}).config.gap == 2
    inputs.SYSTEM_CONFIG.chmod(0o666)
    with pytest.raises(ConfigError, match=r"etc/config\.toml is not believed"):
        read(home)


# What is ordinary is no reason for anything.


def test_settings_that_a_link_leads_to_are_believed(home: Path, tmp_path: Path) -> None:
    dotfiles = tmp_path / "dotfiles"
    (home / ".config").rename(dotfiles)
    (home / ".config").symlink_to(dotfiles)
    assert read(home) == ("a/3", True)
    (home / ".distcc").rename(dotfiles / "distcc")
    (home / ".distcc").symlink_to("../dotfiles/distcc")
    assert read(home) == ("a/3", True)


def test_a_sticky_folder_that_all_can_write_to_is_no_obstacle(home: Path) -> None:
    for name in FILES:
        (home / name).parent.chmod(0o1777)
    assert read(home) == ("a/3", True)


def test_folders_above_the_home_do_not_matter(home: Path) -> None:
    home.parent.chmod(0o777)
    assert read(home) == ("a/3", True)


def test_a_group_of_ones_own_may_write(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Every account that is its own group's only member may stand for this user's.
    monkeypatch.setattr(trust, "_alone", lambda *_: True)
    for name in FILES:
        (home / name).chmod(0o664)
        (home / name).parent.chmod(0o2775)
    home.chmod(0o775)
    assert read(home) == ("a/3", True)


def test_root_is_alone_in_its_group_and_nobody_in_an_unknown_one() -> None:
    assert trust._alone(0, 0)
    assert not trust._alone(OTHER, OTHER)
    assert not trust._alone(0, 1)


@as_root
def test_root_does_not_believe_the_user_whose_home_it_has(home: Path) -> None:
    """As with sudo -E: distcc would read this list, and who writes it decides what root gets."""
    for path in (home, *home.rglob("*")):
        os.chown(path, OTHER, OTHER)
    with pytest.raises(ConfigError, match="belongs to uid 12345, neither to you nor to root"):
        read(home)
    # The user does, and believes root's too.
    os.chown(home / FILES[0], 0, 0)
    code = "import sys, os; from distcc_build.inputs import read_inputs; "
    code += "print(read_inputs(dict(os.environ)).config.only)"
    for folder in home.parents:
        folder.chmod(0o755)
        if folder.name.startswith("pytest-of-"):
            break
    user = ["setpriv", f"--reuid={OTHER}", f"--regid={OTHER}", "--clear-groups"]
    done = subprocess.run(
        [*user, sys.executable, "-P", "-c", code],
        env={"HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    if "Permission denied" in done.stderr or "No module named" in done.stderr:
        pytest.skip("another user cannot reach this Python")
    assert "10.1.0.0/16" in done.stdout, done.stderr


@as_root
def test_root_leaves_nothing_in_the_distcc_folder_of_another(home: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir(0o700)
    situation = Situation(
        read_inputs({"HOME": str(home), "DISTCC_HOSTS": "a"}), None, None, Client(None, "")
    )

    def state() -> str | None:
        environ = {"HOME": str(home)}
        return distcc_environment(situation, parse_hosts("a"), environ, cache)[1].get("DISTCC_DIR")

    assert state() is None
    os.chown(home / ".distcc", OTHER, OTHER)
    assert state() == str(cache / "distcc")
