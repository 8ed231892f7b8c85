"""Files that are named before a build and written after it: which are refused, and how the others
are written."""

import argparse
import errno
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from namespaces import needs_namespaces

from distcc_build.cli.newfile import new_file, write_whole

NOBODY = 65534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a file away")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    made = tmp_path / "folder"
    made.mkdir()
    monkeypatch.chdir(made)
    (made / "loop").symlink_to("loop")
    (made / "dangling").symlink_to("missing/r.html")
    (made / "new").symlink_to("../r.html")
    yield made
    assert [*made.glob(".distcc-build-*")] == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("loop", "Too many levels of symbolic links"),
        ("loop/x", "Too many levels of symbolic links"),
        ("x" * 300, "File name too long"),
        ("x" * 300 + "/r.html", "File name too long"),
        ("dangling", "there is no folder '/.*/folder/missing'"),
        ("missing/r.html", "there is no folder '/.*/folder/missing'"),
        ("/dev/null/r.html", "there is no folder '/dev/null'"),
    ],
)
def test_name_that_nothing_can_be_written_to_is_refused(
    folder: Path, text: str, reason: str
) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=f"expected a file .*: {reason}$"):
        new_file(text)
    assert folder.exists()


def test_name_in_a_folder_that_one_may_not_enter_is_refused(folder: Path) -> None:
    (folder / "closed").mkdir(mode=0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        with pytest.raises(argparse.ArgumentTypeError, match=r"expected .*: Permission denied$"):
            new_file("closed/r.html")
    finally:
        os.seteuid(user)


def test_links_are_followed_and_keep_their_names(folder: Path) -> None:
    path = new_file("new")
    assert path == folder / "new"
    write_whole(path, "text")
    assert path.is_symlink()
    assert (folder.parent / "r.html").read_text() == "text"
    assert new_file("/dev/stdout") == Path("/dev/stdout")


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EPERM, errno.EXDEV])
def test_file_in_whose_place_none_can_be_put_is_written_itself(
    folder: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "rename", refused)
    path = folder / "r.html"
    path.write_text("an old one, which is longer")
    write_whole(path, "new")
    assert path.read_text() == "new"
    path.unlink()
    with pytest.raises(OSError, match=os.strerror(number)):
        write_whole(path, "new")
    assert not path.exists()


@needs_namespaces
def test_file_that_is_mounted_is_written(folder: Path) -> None:
    for name in ("outside", "r.html"):
        (folder / name).write_text("old")
    code = "import sys, pathlib; from distcc_build.cli.newfile import write_whole; "
    code += "write_whole(pathlib.Path('r.html'), 'new')"
    line = 'mount --bind outside r.html && exec "$0" -c "$1"'
    command = ["unshare", "--mount", "sh", "-c", line, sys.executable, code]
    subprocess.run(command, check=True, timeout=60)
    assert (folder / "outside").read_text() == "new"
    assert (folder / "r.html").read_text() == "old"


@needs_root
def test_file_of_somebody_else_stays_his(folder: Path) -> None:
    # As /tmp is, where Linux lets nobody make a file that is there.
    folder.chmod(0o1777)
    path = folder / "r.html"
    path.write_text("old")
    path.chmod(0o666)
    os.chown(path, NOBODY, NOBODY)
    write_whole(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_uid == NOBODY


def test_file_with_several_names_keeps_them(folder: Path) -> None:
    path = folder / "r.html"
    path.write_text("old")
    (folder / "other.html").hardlink_to(path)
    write_whole(path, "new")
    assert (folder / "other.html").read_text() == "new"


def test_new_version_is_at_no_time_readable_by_more_than_the_old_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def noting(step: Any) -> Any:
        def noted(*args: Any, **options: Any) -> Any:
            seen.extend(stat.S_IMODE(one.stat().st_mode) for one in folder.glob(".distcc-build-*"))
            return step(*args, **options)

        return noted

    path = folder / "r.html"
    path.write_text("old")
    path.chmod(0o600)
    monkeypatch.setattr(os, "fchmod", noting(os.fchmod))
    monkeypatch.setattr(Path, "rename", noting(Path.rename))
    write_whole(path, "new")
    assert seen == [0o600, 0o600]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_keeps_a_file_from_being_written_leaves_the_old_one_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "r.html"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "a" * 100_000 + "\udc80")

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, "new")
    assert [one.name for one in folder.iterdir() if one.is_file()] == ["r.html"]
    assert path.read_text() == "old"
