"""One point of the sweep: a compile in which one system call fails, and one after it."""

import fcntl
import re
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from compiling import age
from running import eventually
from sweep.points import KILL, Call, Point, calls
from sweep.torn import torn

from distcc_build import paths
from distcc_build.farm.loopback import Farm

__all__ = ["SCENARIOS", "Result", "Worker"]

SCENARIOS = {
    "cold": ("launcher", "child", "refresher"),
    "bare": ("launcher", "refresher"),
    "stale": ("launcher", "refresher"),
    "warm": ("launcher",),
}
"""What is known before, and the programs in which calls fail.

cold: what this machine's compilers give.  bare: nothing, not even a directory.  stale: a plan
that is used while another one is made.  warm: a plan that holds, with something to say.
child: the processes between the launcher and the refresher.
"""

OLD = {"cold": 0, "stale": 400, "warm": 0}
"""Seconds since the plan was made."""

NOTE = "what the warm plan has to say"

LIFE = 60.0
"""Seconds that a refresher may take on the busiest machine; it ends itself after 33."""

# What is in the file "inject" is used once: what fails, fails once.
REFRESHER = """\
#!/bin/sh
echo start >>{root}/starts
if [ -e {root}/inject ]; then
    read -r options <{root}/inject
    rm {root}/inject
    exec strace -D $options {program} "$@"
fi
exec {program} "$@"
"""

# -D: the program is our own child, and not strace's.  -b: what comes after, is the compile's.
TRACE = {"launcher": "-D -b execve", "child": "-D -f -b execve", "refresher": "-ttt"}


@dataclass
class Result:
    """What a fault led to."""

    point: Point
    hit: str = ""
    """The call that failed, as strace shows it; empty when the run never came to it."""
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0
    local: bool = False
    """The plan that came of it compiles here, until it is made anew in a minute."""
    recovery: float | None = None
    """Seconds from the end of one that was killed until the lock was somebody else's to take."""


class Worker:
    """A directory with an installation, a cache and a source, that points are tried in."""

    def __init__(self, root: Path, farm: Farm) -> None:
        self.root = root
        self.cache = root / "cache"
        self._log = root / "strace.log"
        self._address = farm.daemons.addresses[0].encode()
        self._server = farm.daemons.log(farm.daemons.addresses[0])
        self._source = f"{root.name}.c"
        for directory in ("bin", "home", "distcc"):
            (root / directory).mkdir(mode=0o700, parents=True)
        (root / self._source).write_text("int f(int a) { return a + 1; }\n")
        shutil.copy(paths.launcher(), root / "bin/distcc-launch")
        program = shlex.quote(str(paths.launcher().with_name("distcc-build")))
        script = root / "bin/distcc-build"
        script.write_text(REFRESHER.format(root=shlex.quote(str(root)), program=program))
        script.chmod(0o755)
        self._environ = {
            **farm.exports,
            "PATH": "/usr/bin:/bin",
            "HOME": str(root / "home"),
            "DISTCC_DIR": str(root / "distcc"),
            "DISTCC_BUILD_CACHE_DIR": str(self.cache),
            # On a busy machine everything takes longer.
            "DISTCC_BUILD_DEADLINE": "20",
        }
        plain = ["gcc", "-c", self._source, "-o", "expected.o"]
        subprocess.run(plain, cwd=root, env=self._environ, check=True)
        self._expected = (root / "expected.o").read_bytes()
        self._prepare()

    def calls(self, scenario: str, program: str) -> list[Call]:
        """The calls of a program in a run without faults, as far as they are its own."""
        self._reset(scenario)
        trace = self._trace(program, "-y")
        self._compile([] if program == "refresher" else trace)
        assert self._settle()
        made = list(calls(self._log.read_text(errors="replace")))
        if program == "child":
            # Not the execve: every program of the compile has a first one.
            return [one for one in made if one.pid != made[0].pid and one.name != "execve"]
        if program == "launcher":
            # Before that, the C library starts; then it waits, in rounds that are all the same.
            first = next(n for n, one in enumerate(made) if one.name == "getuid")
            naps = [n for n, one in enumerate(made) if one.name == "clock_nanosleep"]
            return made[first : naps[1] + 1 if len(naps) > 1 else None]
        return made[1:]  # its own start

    def run(self, point: Point) -> Result:
        """Try a point."""
        result, start = Result(point), time.monotonic()
        self._reset(point.scenario)
        fault = f"error={point.action}" if point.action != KILL else "signal=KILL"
        # strace's own execve of the program is in the log, and does not count.
        number = point.number - (point.call == "execve")
        inject = f"-e trace={point.call} -e inject={point.call}:{fault}:when={number}"
        trace = self._trace(point.program, inject, execve=point.call == "execve")
        done = self._compile([] if point.program == "refresher" else trace)
        killed = point.action == KILL
        # What the child calls, the launcher may have called as often.
        allowed = {"launcher": {-9}, "child": {0, -9}}.get(point.program, {0}) if killed else {0}
        if done.returncode not in allowed:
            result.problems.append(f"exit status {done.returncode}")
        self._judge(done, result, object_made=done.returncode == 0)
        looked = time.time()
        if not self._settle():
            result.problems.append("its refresher does not end")
        free = time.time()
        result.hit = self._hit()
        if killed and result.hit:
            result.recovery = self._recovery(point.program, looked, free)
        result.problems += [f"torn: {name}" for name in torn(self.cache)]
        # A child is killed each time that one is started, and then none is started for a minute.
        result.local = not any(
            self._address in path.read_bytes() for path in self.cache.glob("plan-*")
        )
        self._again(result, as_if_nothing_was=killed and point.program != "child")
        result.seconds = time.monotonic() - start
        return result

    def _again(self, result: Result, *, as_if_nothing_was: bool) -> None:
        """The next compile."""
        before = self._server.stat().st_size
        # Without any plan there is nothing that would keep it here.
        slow = result.local and any(self.cache.glob("plan-*"))
        done = self._compile([])
        if done.returncode != 0:
            result.problems.append(f"then exit status {done.returncode}")
        self._judge(done, result, object_made=True)
        if not self._settle():
            result.problems.append("the next refresher does not end")
        if as_if_nothing_was:
            if done.stderr not in ("", f"distcc-build: {NOTE}\n"):
                result.problems.append(f"then it says {done.stderr!r}")
            if not (self._distributed(before) or (slow and self._heard_out())):
                result.problems.append("then not distributed")
            # A plan that compiles here for a second is made anew by whoever comes after that.
            if (starts := self._starts()) > 2 and not slow:
                result.problems.append(f"{starts} cold starts")

    def _heard_out(self) -> bool:
        """Whether compiles are distributed once a server that was too slow has been heard out.

        On a busy machine it may be silent for longer than the first look waits; the next look
        has the time.  Whatever else keeps compiles here does so for a minute.
        """
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            before = self._server.stat().st_size
            self._compile([])
            if self._settle() and self._distributed(before, 1):
                return True
        return False

    def _prepare(self) -> None:
        """Keep what a compile leaves in the cache, for the scenarios."""
        self._reset("bare")
        self._compile([])
        assert self._settle()
        self._kept = self.root / "kept"
        self.cache.rename(self._kept)
        self._made = time.time()

    def _reset(self, scenario: str) -> None:
        # A refresher that is about to end may still put a file there.
        assert eventually(lambda: _removed(self.cache))
        for name in ("inject", "starts"):
            (self.root / name).unlink(missing_ok=True)
        self._log.unlink(missing_ok=True)
        if scenario == "bare":
            return
        shutil.copytree(self._kept, self.cache)
        for path in self.cache.iterdir():
            path.chmod(0o600)
            if scenario == "cold" and not path.name.startswith("reference-"):
                path.unlink()
        age(self.cache, OLD[scenario] - int(time.time() - self._made))
        if scenario == "warm":
            for path in self.cache.glob("plan-*"):
                plan = path.read_text().removesuffix("end\n")
                path.write_text(f"{plan}note sweep {NOTE}\nend\n")

    def _trace(self, program: str, options: str, *, execve: bool = False) -> list[str]:
        """The words before a program that is traced; the refresher is started by its script."""
        words = TRACE[program].replace("-b execve", "" if execve else "-b execve")
        command = f"{words} -o {shlex.quote(str(self._log))} {options}"
        if program == "refresher":
            (self.root / "inject").write_text(f"{command}\n")
        return ["strace", *shlex.split(command)]

    def _compile(self, before: list[str]) -> "subprocess.CompletedProcess[str]":
        (self.root / "x.o").unlink(missing_ok=True)
        return subprocess.run(
            [*before, self.root / "bin/distcc-launch", "gcc", "-c", self._source, "-o", "x.o"],
            cwd=self.root,
            env=self._environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def _judge(
        self, done: "subprocess.CompletedProcess[str]", result: Result, *, object_made: bool
    ) -> None:
        made = self.root / "x.o"
        if object_made and (not made.exists() or made.read_bytes() != self._expected):
            result.problems.append("wrong object")
        said = done.stdout + done.stderr
        if said.count("\n") > 1 or "Traceback" in said:
            result.problems.append(f"it says {said!r}")

    def _settle(self) -> bool:
        """Wait until no refresher is left; False when one does not end."""
        deadline = time.monotonic() + LIFE
        for path in self.cache.glob("lock-*"):
            with path.open() as lock:
                while True:
                    try:
                        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        break
                    except BlockingIOError:
                        if time.monotonic() > deadline:
                            return False
                        time.sleep(0.002)
        return True

    def _hit(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        for before, line in zip(["", *lines], lines, strict=False):
            if "(INJECTED)" in line:
                return line
            if "+++ killed by SIGKILL" in line:
                return before
        return ""

    def _starts(self) -> int:
        starts = self.root / "starts"
        return starts.read_text().count("\n") if starts.exists() else 0

    def _recovery(self, program: str, looked: float, free: float) -> float | None:
        """See `Result.recovery`; None where somebody who lives had the lock meanwhile.

        :param looked: when the lock was looked at first, and `free`, when it was free.
        """
        if program == "refresher":
            log = self._log.read_text(errors="replace")
            end = re.search(r"^([0-9.]+) \+\+\+ killed by SIGKILL", log, re.MULTILINE)
            if end is None:
                return None
            if self._starts() > 1:
                return (self.root / "starts").stat().st_mtime - float(end[1])
            return free - max(looked, float(end[1]))
        return free - looked if self._starts() == 0 else None

    def _distributed(self, before: int, seconds: float = 10) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with self._server.open("rb") as log:
                log.seek(before)
                if any(
                    b"COMPILE_OK" in line and self._source.encode() in line
                    for line in log.read().splitlines()
                ):
                    return True
            time.sleep(0.005)
        return False


def _removed(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()
