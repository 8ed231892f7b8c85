"""SCons tool distcc_discover: compiles and links go through the launcher of distcc-build.

    env = Environment()
    env.Tool("distcc_discover")          # after the compiler tools

One file, standard library only, Python 3.8: SCons may load it by path, in an older interpreter
that has no distcc_build.  It decides nothing; servers and jobs are asked of the command
distcc-build, and where that is missing, fails or is switched off (DISTCC_BUILD=off) the build
goes on plainly.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

# The command lines that get the prefix -> the variable that holds their program.  Links too:
# at a high -j they queue in distcc's local slots instead of all starting at once.
COMMANDS = {
    "CCCOM": "CC",
    "CXXCOM": "CXX",
    "SHCCCOM": "SHCC",
    "SHCXXCOM": "SHCXX",
    "LINKCOM": "LINK",
    "SHLINKCOM": "SHLINK",
    "LDMODULECOM": "LDMODULE",
}
COMPILES = ("CCCOM", "CXXCOM", "SHCCCOM", "SHCXXCOM")
PREFIX = "DISTCC_DISCOVER_"
LAUNCHER = "DISTCC_DISCOVER"

# SCons gives commands nothing but PATH.  Without HOME (or DISTCC_DIR) distcc compiles everything
# locally and exits 0.
KEPT = re.compile(
    r"HOME|DISTCC_\w+|XDG_(CACHE|CONFIG|RUNTIME)_\w+|TMPDIR|USER|LOGNAME"
    r"|_DISTCC_BUILD_JOURNALS|INCLUDE_SERVER_PORT|SSH_AUTH_SOCK|KRB5CCNAME|CCACHE_\w+"
)

CACHES = ("ccache", "sccache")

OFF = ("off", "0", "no", "false")

# Seconds: longer than any discovery may take, short enough for whoever waits.
QUERY_TIMEOUT = 20

# Jobs that distcc sends to a server whose hostspec has no limit.
DEFAULT_LIMIT = 4

_answers: dict[tuple[str, ...], str] = {}
_said: list[str] = []


def exists(env: Any) -> bool:  # noqa: ARG001 - SCons' signature
    """SCons asks whether the tool can work; without servers it still can, by doing nothing."""
    return True


def generate(env: Any, **_options: Any) -> None:
    """Send what this environment compiles to the servers; called twice it does nothing more.

    :param env: the construction environment, with its compiler tools applied.
    """
    switch = env.get("ENV", {}).get("DISTCC_BUILD", os.environ.get("DISTCC_BUILD", ""))
    if os.name != "posix" or env.get("CC") == "cl" or str(switch).lower() in OFF:
        return
    launcher = _find_launcher()
    if launcher is None:
        return
    if not any(name in env for name in COMPILES):
        _warn("applied before the compiler tools, so nothing is distributed; apply it after them")
        return
    env[LAUNCHER] = launcher
    _complete(env["ENV"], launcher)
    _add_prefixes(env)
    _watch_tools(env)
    atexit.unregister(_remove_unfinished)
    atexit.register(_remove_unfinished)
    _set_jobs(env)


def _remove_unfinished() -> None:
    """Remove what failed compiles have left.

    distcc, unlike gcc, leaves half an object when it is interrupted, and the next build would
    take it: to SCons a file that is there and whose sources are as before is up to date.
    """
    from SCons.Script import GetBuildFailures

    for failure in GetBuildFailures():
        node = failure.node
        env = node.get_env() if hasattr(node, "get_env") else None
        if not env or LAUNCHER not in env:
            continue
        path = str(node.get_abspath())
        if path.endswith((env.subst("$OBJSUFFIX"), env.subst("$SHOBJSUFFIX"))):
            with contextlib.suppress(OSError):
                Path(path).unlink()


def _add_prefixes(env: Any) -> None:
    for command, program in COMMANDS.items():
        line = env.get(command)
        variable = "$" + PREFIX + program
        # A list or an action is the user's own work; a string may begin with SCons' @ and -.
        if isinstance(line, str) and variable not in line:
            bare = line.lstrip("@-")
            env[command] = f"{line[: len(line) - len(bare)]}{variable} {bare}"
        env[PREFIX + program] = _prefix_of(program)


def _prefix_of(program: str) -> Callable[..., str]:
    def prefix(target: Any, source: Any, env: Any, for_signature: bool) -> str:
        # Not part of a signature, so switching distribution on or off rebuilds nothing; no target
        # means that SCons looks for the program to depend on.
        if for_signature or not target or _is_configure_check(target, env):
            return ""
        words = _words(env.subst("$" + program, target=target, source=source))
        # These look for the compiler in their first word; ccache has CCACHE_PREFIX from us.
        if words and Path(words[0]).name in {*CACHES, "distcc-launch"}:
            return ""
        launcher = str(env.get(LAUNCHER, ""))
        return f'"{launcher}"' if re.search(r"\s", launcher) else launcher

    return prefix


def _is_configure_check(target: Any, env: Any) -> bool:
    try:
        # The first: several targets answer with a list, and a list is always true.
        node = target[0]
        return bool(node.is_conftest() or node.is_under(env.Dir(env.subst("$CONFIGUREDIR"))))
    except (AttributeError, IndexError, TypeError):
        return False


def _words(text: object) -> list[str]:
    try:
        return shlex.split(str(text))
    except ValueError:
        return str(text).split()


def _watch_tools(env: Any) -> None:
    # Tools applied later may set the commands anew, and nobody would notice.
    if getattr(env.Tool, "method", None) is not _tool:
        env.AddMethod(_tool, "Tool")


def _tool(env: Any, tool: Any, *args: Any, **options: Any) -> Any:
    had = [name for name in COMPILES if PREFIX in str(env.get(name))]
    result = type(env).Tool(env, tool, *args, **options)
    lost = [name for name in had if PREFIX not in str(env.get(name))]
    if lost:
        _warn(f"applied before the tool {tool}, which set {', '.join(lost)} anew; apply it last")
    return result


def _warn(text: str) -> None:
    import SCons.Warnings

    SCons.Warnings.warn(SCons.Warnings.WarningOnByDefault, f"distcc_discover: {text}")


def _complete(shell: MutableMapping[str, Any], launcher: str) -> None:
    for name, value in os.environ.items():
        if KEPT.fullmatch(name):
            shell.setdefault(name, value)
    # ccache splits it at blanks, so a path with one could only fail.
    if not re.search(r"\s", launcher):
        shell.setdefault("CCACHE_PREFIX", launcher)
    path = _path(shell)
    distcc = shutil.which("distcc")
    if distcc and not shutil.which("distcc", path=path):
        # Last, so that it changes no other program.
        shell["PATH"] = os.pathsep.join(filter(None, [path, str(Path(distcc).parent)]))


def _path(shell: MutableMapping[str, Any]) -> str:
    path = shell.get("PATH", "")
    return path if isinstance(path, str) else os.pathsep.join(map(str, path))


def _set_jobs(env: Any) -> None:
    from SCons.Script import GetOption, SetOption

    if any(GetOption(name) for name in ("clean", "help", "no_exec", "question")):
        return
    compiler = _compiler(env)
    try:
        jobs = int(_ask("jobs", "--compiler", compiler, shell=env["ENV"]))
    except ValueError:
        return
    hosts = _ask("hosts", "--compiler", compiler, shell=env["ENV"])
    # 1 is SCons' default.  What the command line says stays above what is set here, so -j1 is 1.
    if jobs > 1 and GetOption("num_jobs") == 1:
        SetOption("num_jobs", jobs)
    limits = [
        int(limit[1]) if (limit := re.search(r"/(\d+)", host)) else DEFAULT_LIMIT
        for host in hosts.split()
        if not re.match(r"--|\+|localhost(/|$)", host)
    ]
    if limits and not _said and not GetOption("silent") and not GetOption("no_progress"):
        line = f"{len(limits)} servers, {sum(limits)} slots, -j{GetOption('num_jobs')}"
        _said.append(line)
        print(f"distcc_discover: {line}", file=sys.stderr)


def _compiler(env: Any) -> str:
    """Return the word that the launcher will be given as the compiler."""
    words = _words(env.subst("$CC") or env.subst("$CXX"))
    words = [word for word in words if Path(word).name not in {*CACHES, "distcc", "distcc-launch"}]
    return words[0] if words and not words[0].startswith("-") else "gcc"


def _find_launcher() -> str | None:
    # The alias: clangd and clang-tidy look through a launcher only if it is called distcc.
    found = _installed("libexec/distcc-build/distcc") or _installed("bin/distcc-launch")
    if found is None:
        # An editable install keeps it in a build folder that only distcc-build knows.
        words = _words(_ask("cc", "true"))
        found = words[0] if len(words) > 1 and Path(words[0]).is_absolute() else None
    return found


def _installed(relative: str) -> str | None:
    # This file is in LIB/distcc_build/integrations/scons, where LIB is
    # PREFIX/lib/python3.N/site-packages, or PREFIX itself after `pip install --target`.
    for prefix in list(Path(__file__).resolve().parents)[3:8]:
        path = prefix / relative
        if os.access(path, os.X_OK):
            return str(path)
    return None


def _ask(*words: str, shell: MutableMapping[str, Any] | None = None) -> str:
    """Return what distcc-build prints for these words; empty when there is no answer.

    :param words: its command line.
    :param shell: what the compiles will have in their environment, above this process's own: the
        answer must be the one that they get.
    """
    command = _installed("bin/distcc-build") or shutil.which("distcc-build")
    if command is None:
        return ""
    line = [command, *words]
    launcher = _installed("bin/distcc-launch")
    if launcher and len(words) == 3:
        # It answers at once where a plan holds; else distcc-build does, which it calls.
        line = [launcher, f"--{words[0]}", words[2]]
    extra = {name: str(value) for name, value in (shell or {}).items() if KEPT.fullmatch(name)}
    if shell and "PATH" in shell:
        extra["PATH"] = _path(shell)
    key = (*words, *sorted(f"{name}={value}" for name, value in extra.items()))
    if key not in _answers:
        try:
            done = subprocess.run(
                line,
                env={**os.environ, **extra},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                # What is wrong is said once in a build, by the launcher.
                stderr=subprocess.DEVNULL,
                timeout=QUERY_TIMEOUT,
                check=True,
            )
            _answers[key] = done.stdout.decode("utf-8", "replace")
        except (OSError, subprocess.SubprocessError):
            _answers[key] = ""
    return _answers[key]
