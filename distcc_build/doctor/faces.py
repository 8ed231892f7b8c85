"""The build systems that are here, and whether what we give them would work: each is asked itself.

They run in an empty folder, with distribution switched off: nothing of the project is read, and
nothing is discovered.
"""

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from distcc_build import paths
from distcc_build.doctor.findings import Check, Loss, Status, ok, skipped, warning
from distcc_build.doctor.programs import Here, Said, on_path
from distcc_build.doctor.scons import scons
from distcc_build.errors import NotFoundError

__all__ = ["look"]

Face = Callable[[Here, Path], Iterator[Check]]

CMAKE = """\
cmake_minimum_required(VERSION 3.18)
project(doctor NONE)
find_package(DistccBuild QUIET)
message(STATUS "doctor: ${DistccBuild_FOUND}")
"""

MAKE = "CC := gcc\ninclude $(shell distcc-launch --makefile)\n$(info doctor: $(CC))\nall:;\n"

AGAIN = "install distcc-build again"


def look(environ: Mapping[str, str], folder: Path, until: float) -> list[Check]:
    """Ask all of them, at once.

    :param environ: the environment of the builds.
    :param folder: an empty one for what they write.
    :param until: time.monotonic() at which all should be done.
    """
    off = {
        name: value
        for name, value in environ.items()
        if name not in {"SCONSFLAGS", "MAKEFLAGS", "MAKELEVEL", "DESTDIR"}
    } | {"DISTCC_BUILD": "off"}
    here = Here(off, until)
    faces: list[tuple[str, Face]] = [
        ("scons", scons),
        ("cmake", _cmake),
        ("meson", _meson),
        ("make", _make),
        ("ccache", _ccache),
    ]

    def one(name: str, face: Face) -> list[Check]:
        own = folder / name
        own.mkdir()
        return list(face(here, own))

    with ThreadPoolExecutor(len(faces)) as pool:
        running = [pool.submit(one, name, face) for name, face in faces]
        return [check for future in running for check in future.result()]


def _cmake(here: Here, folder: Path) -> Iterator[Check]:
    program = here.first("cmake")
    if program is None:
        yield skipped("CMake", "is not installed")
        return
    version = _version(here.ask(program, "--version"))
    (folder / "CMakeLists.txt").write_text(CMAKE, "utf-8")
    command = [program, "-S", str(folder), "-B", str(folder / "b")]
    if here.first("make") is None and here.first("ninja"):
        command += ["-G", "Ninja"]
    said = here.ask(*command, cwd=folder)
    _, sign, found = said.out.partition("doctor: ")
    works = found.partition("\n")[0]
    name = f"CMake {version}".rstrip()
    if said.status != 0 or not sign:
        text = f"{program} does not configure an empty project: {said.complaint}"
        yield warning(name, text, f"try it: {program} --version", Loss.SYSTEM)
    elif works == "1":
        yield ok(name, f"{program}: finds DistccBuild")
    else:
        text = f"{program}: find_package(DistccBuild) finds nothing"
        remedy = 'pass -DDistccBuild_ROOT="$(distcc-build cmakedir)"'
        yield warning(name, text, _add_to_path(here) or remedy, Loss.SYSTEM)


def _meson(here: Here, folder: Path) -> Iterator[Check]:
    program = here.first("meson")
    if program is None:
        yield skipped("Meson", "is not installed")
        return
    version = _version(here.ask(program, "--version"))
    name = f"Meson {version}".rstrip()
    ours = here.ask(sys.executable, "-P", "-m", "distcc_build", "meson-native")
    if ours.status != 0 or ours.err:
        text = f"{program}: there is no native file: {ours.complaint}"
        yield warning(name, text, AGAIN, Loss.SYSTEM)
        return
    (folder / "native.ini").write_text(ours.out, "utf-8")
    (folder / "meson.build").write_text("project('doctor')\n", "utf-8")
    setup = ["setup", "--native-file", str(folder / "native.ini"), str(folder / "b"), str(folder)]
    said = here.ask(program, *setup, cwd=folder)
    if said.status == 0:
        yield ok(name, f"{program}: takes the file of meson-native")
        return
    wrong = said._replace(err=said.err or said.out).complaint
    text = f"{program}: does not take the file of distcc-build meson-native: {wrong}"
    yield warning(name, text, f"try it: {program} setup --native-file FILE", Loss.SYSTEM)


def _make(here: Here, folder: Path) -> Iterator[Check]:
    program = here.first("make")
    if program is None:
        yield skipped("Make", "is not installed")
        return
    banner = here.ask(program, "--version")
    name = f"Make {_version(banner)}".rstrip()
    if "GNU Make" not in banner.out:
        text = f"{program} is not GNU Make: $(shell) means nothing to it"
        yield warning(name, text, "give it CC='distcc-launch gcc'", Loss.SYSTEM)
        return
    (folder / "Makefile").write_text(MAKE, "utf-8")
    said = here.ask(program, "-f", str(folder / "Makefile"), cwd=folder)
    # More than the compiler's own name: there is a launcher before it.
    found = said.out.partition("doctor: ")[2].partition("\n")[0].split()
    if said.status == 0 and len(found) > 1:
        yield ok(name, f"{program}: includes distcc-build.mk")
    else:
        text = f"{program}: $(shell distcc-launch --makefile) gives nothing: {said.complaint}"
        yield warning(name, text, _add_to_path(here) or AGAIN, Loss.SYSTEM)


def _ccache(here: Here, folder: Path) -> Iterator[Check]:
    del folder
    program = here.first("ccache")
    if program is None:
        return
    name = f"ccache {_version(here.ask(program, '--version'))}".rstrip()
    prefix = here.environ.get("CCACHE_PREFIX", "")
    words = prefix.split()
    if not words:
        yield ok(name, "for use with CCACHE_PREFIX=distcc-launch")
    elif Path(words[-1]).name not in {"distcc", "distcc-launch"}:
        text = f"{program}: CCACHE_PREFIX={prefix}, so what it lacks is compiled here"
        yield warning(name, text, "set CCACHE_PREFIX=distcc-launch", Loss.SYSTEM)
    elif shutil.which(words[-1], path=here.environ.get("PATH")) is None:
        text = f"{program}: CCACHE_PREFIX={prefix}, and there is no such program"
        yield Check(name, Status.PROBLEM, text, f"put {words[-1]} on PATH", Loss.SYSTEM)
    else:
        yield ok(name, f"{program}: what it lacks goes through {words[-1]} (CCACHE_PREFIX)")


def _add_to_path(here: Here) -> str:
    """What to do where the launcher is not on PATH; empty where it is."""
    if here.first("distcc-launch") is not None:
        return ""
    try:
        return on_path(paths.launcher())
    except NotFoundError:
        return AGAIN


def _version(said: Said) -> str:
    """The first number in what a program says of itself, as text that a terminal may see."""
    words = said.out.partition("\n")[0].split()
    found = next((word for word in words if word[:1].isdigit()), "")
    return "".join(one for one in found if one.isprintable())[:20]
