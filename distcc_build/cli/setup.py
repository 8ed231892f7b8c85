"""distcc-build setup: make the tool known to an SCons of another environment."""

import argparse
import sys
from pathlib import Path

from distcc_build import paths
from distcc_build.errors import NotFoundError, UsageError

HELP = "make env.Tool('distcc_discover') work in an SCons installed elsewhere"
EXAMPLE = "distcc-build setup scons --user"

# In front of every file written here; a file without it is somebody else's.
MARK = "# Written by distcc-build setup scons"

# Where SCons looks for tools besides its own: below the user's and the project's directory
# (SCons/Script/Main.py, _load_all_site_scons_dirs).
RELATIVE = Path("site_scons") / "site_tools" / "distcc_discover.py"

SHIM = '''\
{mark}; remove it with: distcc-build setup scons --remove
"""SCons tool distcc_discover, found where distcc-build is installed; without it, no tool."""

import importlib.util
import shutil
from pathlib import Path

TOOL = "distcc_build/integrations/scons/distcc_discover.py"


def _candidates():
    yield from {known!r}
    package = importlib.util.find_spec("distcc_build")
    for folder in (package.submodule_search_locations or []) if package else []:
        yield Path(folder).parent / TOOL
    command = shutil.which("distcc-build")
    if command:
        for library in Path(command).resolve().parents[1].glob("lib*/python3*/*-packages"):
            yield library / TOOL


def _load():
    for path in map(Path, _candidates()):
        if path.is_file():
            spec = importlib.util.spec_from_file_location("_distcc_discover", path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    return None


_tool = _load()


def exists(env):
    return True


def generate(env, **options):
    if _tool is not None:
        _tool.generate(env, **options)
'''


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("system", choices=["scons"], help="the build system")
    parser.add_argument("--remove", action="store_true", help="take away what setup wrote")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--user", action="store_true", help="for every project of this user (the default)"
    )
    where.add_argument(
        "--project",
        action="store_true",
        help="for the project in this directory; may be checked in, and does nothing where "
        "distcc-build is not installed",
    )


def run(args: argparse.Namespace) -> int:
    """Write or remove the file, and print its path.

    :raises UsageError: there is another file of this name, or no place for one.
    :raises NotFoundError: the tool itself is not installed.
    """
    if args.remove:
        return _remove(_targets(user=args.user, project=args.project))
    tool = paths.integrations() / "scons" / "distcc_discover.py"
    if not tool.is_file():
        msg = f"{tool} is missing; install distcc-build again"
        raise NotFoundError(msg)
    (target,) = _targets(user=not args.project, project=args.project)
    # A checked-in file must not carry one machine's paths.
    known = [] if args.project else [str(tool)]
    _write(target, SHIM.format(mark=MARK, known=known))
    print(target)
    return 0


def _targets(*, user: bool, project: bool) -> list[Path]:
    """Return the files meant; with neither asked for, both."""
    targets = []
    if user or not project:
        try:
            targets.append(Path.home() / ".scons" / RELATIVE)
        except RuntimeError as error:
            msg = "there is no home directory; use setup scons --project"
            raise UsageError(msg) from error
    if project or not user:
        targets.append(Path.cwd() / RELATIVE)
    return targets


def _write(target: Path, text: str) -> None:
    if (target.exists() or target.is_symlink()) and not _is_ours(target):
        msg = f"{target} exists and was not written by distcc-build; move it away first"
        raise UsageError(msg)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"cannot write {target}: {error.strerror}"
        raise UsageError(msg) from error


def _remove(targets: list[Path]) -> int:
    found = [target for target in targets if target.is_file() and _is_ours(target)]
    for target in found:
        try:
            target.unlink()
        except OSError as error:
            msg = f"cannot remove {target}: {error.strerror}"
            raise UsageError(msg) from error
        print(target)
    if not found:
        print("distcc-build: nothing of setup scons is there", file=sys.stderr)
    return 0


def _is_ours(target: Path) -> bool:
    try:
        return target.read_text(encoding="utf-8", errors="replace").startswith(MARK)
    except OSError:
        return False
