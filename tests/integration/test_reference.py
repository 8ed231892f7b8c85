"""References: found, compiled beside us, kept, and never in anybody's way."""

import os
import re
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import eventually, processes

from distcc_build.paths import launcher
from distcc_build.reference import Compiler, Reference, References, find_compiler
from distcc_build.store import sweep
from distcc_build.units import CXX, C

PATH = os.environ["PATH"]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files, in which nothing may be left."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)
    return path


def compiler(word: str | Path, path: str = PATH) -> Compiler:
    found = find_compiler(str(word), path)
    assert found is not None
    return found


def collect(cache: Path, *compilers: Compiler) -> tuple[list[Reference], dict[str, str]]:
    with References(cache, compilers) as references:
        return references.collect(20)


@pytest.mark.parametrize(("word", "unit"), [("gcc", C), ("g++", CXX)])
def test_reference_is_what_the_compiler_gives(
    cache: Path, temporary: Path, word: str, unit: bytes
) -> None:
    ((made,), reasons) = collect(cache, compiler(word))
    assert reasons == {}
    assert made.object.startswith(b"\x7fELF")
    assert made.unit == unit
    assert made.version.count(".") >= 1
    assert "-" in made.target
    assert made.version in made.banner


def test_reference_is_kept_and_read_back_the_same(cache: Path, temporary: Path) -> None:
    compilers = compiler("gcc"), compiler("g++")
    made, _ = collect(cache, *compilers)
    with References(cache, compilers) as again:
        # Nothing runs, and nothing has to be waited for.
        assert again.collect(0) == (made, {})
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("place", [0, 30, 100, -1])
def test_kept_reference_with_a_changed_byte_is_made_again(
    cache: Path, temporary: Path, place: int
) -> None:
    made, _ = collect(cache, compiler("gcc"))
    (file,) = cache.iterdir()
    data = bytearray(file.read_bytes())
    data[place] ^= 1
    file.write_bytes(data)
    assert collect(cache, compiler("gcc")) == (made, {})
    assert file.read_bytes() != data


def test_cache_that_cannot_be_used_only_costs_the_time(tmp_path: Path, temporary: Path) -> None:
    ((made,), _) = collect(tmp_path / "nowhere", compiler("gcc"))
    assert made.object


def test_no_variable_of_the_users_gets_into_the_object(
    cache: Path, tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((plain,), _) = collect(cache, compiler("gcc"))
    (cache / f"reference-{plain.compiler.key}").unlink()
    for name in ("CPATH", "COMPILER_PATH", "GCC_EXEC_PREFIX", "LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("DEPENDENCIES_OUTPUT", str(tmp_path / "dependencies"))
    assert collect(cache, compiler("gcc")) == ([plain], {})
    assert not (tmp_path / "dependencies").exists()


@pytest.mark.parametrize("change", ["content", "time", "link"])
def test_key_follows_the_file_behind_the_links(tmp_path: Path, change: str) -> None:
    real = program(tmp_path / "real", 'exec gcc "$@"')
    link = tmp_path / "bin" / "gcc"
    link.parent.mkdir()
    link.symlink_to(real)
    before = compiler("gcc", f"{link.parent}:{PATH}")
    assert before.path == str(link)
    if change == "content":
        program(real, 'exec gcc -O1 "$@"')
    elif change == "time":
        os.utime(real, (1, 1))
    else:
        other = program(tmp_path / "other", 'exec gcc "$@"')
        link.unlink()
        link.symlink_to(other)
    assert compiler("gcc", f"{link.parent}:{PATH}").key != before.key


def test_key_follows_the_assembler(tmp_path: Path) -> None:
    before = compiler("gcc")
    program(tmp_path / "as", "exit 1")
    assert compiler("gcc", f"{tmp_path}:{PATH}").key != before.key


def test_names_of_one_program_are_compilers_of_their_own() -> None:
    assert compiler("cc").key != compiler("gcc").key != compiler(shutil.which("gcc") or "").key


@pytest.mark.parametrize("name", ["distcc", "ccache", "distcc-launch"])
def test_links_to_programs_that_stand_in_for_compilers_are_passed_over(
    tmp_path: Path, name: str
) -> None:
    stand_in = program(tmp_path / "lib" / name, "exit 1")
    folder = tmp_path / "masquerade"
    folder.mkdir()
    (folder / "gcc").symlink_to(stand_in)
    found = compiler("gcc", f"{folder}:{PATH}")
    assert found.path == shutil.which("gcc")
    # Else gcc looks for its own parts where the link is, and a wrapper finds itself.
    assert str(folder) not in found.search.split(":")
    assert compiler(folder / "gcc", f"{folder}:{PATH}").path == shutil.which("gcc")


def test_no_compiler(tmp_path: Path) -> None:
    assert find_compiler("no-such-cc", PATH) is None
    assert find_compiler("/no/such/cc", PATH) is None
    assert find_compiler("gcc", str(tmp_path)) is None
    assert find_compiler("gcc", "") is None


def test_compiler_without_cxx11_and_exceptions_is_proved_by_the_lesser_unit(
    cache: Path, tmp_path: Path, temporary: Path
) -> None:
    old = program(tmp_path / "bin" / "g++", 'exec /usr/bin/g++ -std=gnu++98 -fno-exceptions "$@"')
    ((made,), reasons) = collect(cache, compiler(old))
    assert made.unit == C
    assert reasons == {}
    assert collect(cache, compiler(old)) == ([made], {})


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'cc1: no memory' >&2; echo more >&2; exit 1", "fails to compile .*: cc1: no memory"),
        ("kill -SEGV $$", "fails to compile .*: status 0x8?b"),
        ("exit 0", "fails to compile"),
    ],
)
def test_compiler_that_cannot_compile_gives_a_reason(
    cache: Path, tmp_path: Path, temporary: Path, script: str, reason: str
) -> None:
    broken = compiler(program(tmp_path / "bin" / "gcc", script))
    made, reasons = collect(cache, broken)
    assert made == []
    assert list(reasons) == [broken.key]
    assert re.search(reason, reasons[broken.key])
    assert list(cache.iterdir()) == []


def test_file_that_is_no_program_gives_a_reason(
    cache: Path, tmp_path: Path, temporary: Path
) -> None:
    odd = tmp_path / "gcc"
    odd.write_bytes(b"\x7fELF nothing more")
    odd.chmod(0o755)
    made, reasons = collect(cache, compiler(odd))
    assert made == []
    assert ["cannot be run" in reason for reason in reasons.values()] == [True]


def test_compiler_that_hangs_is_given_up_and_ended_with_its_children(
    cache: Path, tmp_path: Path, temporary: Path
) -> None:
    script = f"sleep 600.{os.getpid()} & sleep 600.{os.getpid()}"
    hanging = compiler(program(tmp_path / "bin" / "gcc", script))
    good = compiler("gcc")
    began = time.monotonic()
    with References(cache, [hanging, good]) as references:
        made, reasons = references.collect(3)
        assert processes(f"sleep 600.{os.getpid()}")
    assert time.monotonic() - began < 15
    assert [one.compiler for one in made] == [good]
    assert "in time" in reasons[hanging.key]
    # A busy kernel takes its time to end them.
    assert eventually(lambda: processes(f"sleep 600.{os.getpid()}") == [])


def test_children_that_the_kernel_takes_are_not_missed(cache: Path, temporary: Path) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        ((made,), reasons) = collect(cache, compiler("gcc"))
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert made.object.startswith(b"\x7fELF")
    assert reasons == {}


def test_what_a_killed_process_leaves_is_swept_away(cache: Path, temporary: Path) -> None:
    pid = os.fork()
    if not pid:
        with References(cache, [compiler("gcc")]):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    (left,) = cache.iterdir()
    assert left.is_dir()
    assert eventually(lambda: (left / "banner.out").read_bytes() != b"")
    # Its compiler goes on, and what it writes is not to be in the way of who sweeps.
    assert eventually(lambda: not processes(left.name))
    sweep(cache, time.time())
    assert left.exists()
    sweep(cache, time.time() + 4000)
    assert not left.exists()


def test_what_a_script_adds_by_variables_of_its_own_is_in_the_reference(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = program(tmp_path / "tools/gcc", 'exec /usr/bin/gcc $MY_FLAGS "$@"')
    ((plain,), _) = collect(cache, compiler(script))
    monkeypatch.setenv("MY_FLAGS", "-fno-ident")
    script.touch()
    ((changed,), _) = collect(cache, compiler(script))
    assert plain.object != changed.object
    # Of programs nothing but themselves counts.
    monkeypatch.setenv("C_INCLUDE_PATH", str(tmp_path))
    ((made,), _) = collect(cache, compiler("gcc"))
    assert made.object == plain.object


def test_a_script_that_calls_the_launcher_is_answered_by_the_compiler_behind_it(
    cache: Path, tmp_path: Path
) -> None:
    script = program(tmp_path / "tools/gcc", f'exec {launcher()} gcc "$@"')
    path = f"{script.parent}:/usr/bin:/bin"
    ((made,), reasons) = collect(cache, compiler("gcc", path))
    ((expected,), _) = collect(cache, compiler("/usr/bin/gcc"))
    assert reasons == {}
    assert made.object == expected.object
