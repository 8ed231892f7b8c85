"""A launched compile beside a direct one: nothing of the process differs, whatever way it goes."""

import contextlib
import fcntl
import os
import resource
import signal
import socket
import tempfile
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from launcher_box import Box, Record
from ways import WAYS, Way

TIMES = {resource.RLIMIT_CPU, resource.RLIMIT_RTTIME}

FATAL = sorted(
    {*signal.valid_signals()}
    - {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH}
    - {signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
)


@pytest.fixture(params=WAYS)
def way(tmp_path: Path, request: pytest.FixtureRequest) -> Way:
    return Way(Box(tmp_path / "box"), request.param)


def limits() -> None:
    """Set every limit to what no other process has."""
    for number in range(resource.RLIM_NLIMITS if hasattr(resource, "RLIM_NLIMITS") else 16):
        _, hard = resource.getrlimit(number)
        value = 4000 + number if number in TIMES else (1 << 33) + number * 4096
        if number in {resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE, resource.RLIMIT_SIGPENDING}:
            value = 900 + number
        value = value if hard == resource.RLIM_INFINITY else min(hard, value)
        with contextlib.suppress(ValueError, OSError):  # more than the kernel allows
            resource.setrlimit(number, (value // 2, value))


def descriptors(folder: Path) -> list[int]:
    """Files somewhere in their middle and for appending, a directory, pipes, sockets: 18 in all."""
    held = folder / "held"
    held.write_bytes(b"x" * 1000)
    opened = [os.open(held, os.O_RDWR | (os.O_APPEND if n % 3 else 0)) for n in range(12)]
    for n, fd in enumerate(opened):
        os.lseek(fd, 7 * n, os.SEEK_SET)
    opened += [os.open(held, os.O_RDONLY | os.O_NONBLOCK), os.open(folder, os.O_RDONLY)]
    return [*opened, *os.pipe(), *(one.detach() for one in socket.socketpair())]


def odd(folder: Path, terminal: str, opened: list[int]) -> Callable[[], None]:
    """A process that nothing else is like, in a session of its own with this terminal.

    :param opened: what it has at 3 and above.
    """

    def arrange() -> None:
        os.setsid()
        fcntl.ioctl(os.open(terminal, os.O_RDWR), termios.TIOCSCTTY, 0)
        null, out = os.open("/dev/null", os.O_RDWR), os.open(folder / "out", os.O_RDWR | os.O_CREAT)
        for fd, source in enumerate((null, out, null)):
            os.dup2(source, fd)
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100) for fd in opened]
        os.closerange(3, 100)
        for fd, source in enumerate(high, 3):
            os.dup2(source, fd)
        os.umask(0o027)
        os.nice(3)
        for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGHUP, signal.SIGRTMIN):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGCHLD, signal.SIGUSR2])
        os.kill(os.getpid(), signal.SIGUSR2)
        # Armed now, to end long after us.
        for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
            signal.setitimer(timer, 9000, 17)
        limits()

    return arrange


def tame() -> None:
    """A process as a build tool has it: its group and session are the tool's."""
    os.dup2(os.open("/dev/null", os.O_WRONLY), 2)


# What one process has, and the next that it starts has not.
ITS_OWN = ("pid", "session", "group", "parent", "timer", "signals")


def inherited(launched: Record, direct: Record) -> None:
    """See that it is the very process that was started, not one that this started."""
    assert launched.all("parent") == direct.all("parent")
    assert launched.all("signals") == direct.all("signals")
    for key in ("session", "group"):
        same = [one.all(key) == one.all("pid") for one in (launched, direct)]
        assert same[0] is same[1]
        assert same[0] or launched.all(key) == direct.all(key)
    assert timers(launched) == timers(direct)


def timers(record: Record) -> list[bytes]:
    return [one.split()[1] for one in record.all("timer")]


def test_nothing_of_the_process_changes(way: Way) -> None:
    # It is hung up when the other end is closed.
    terminals = os.openpty()
    opened = descriptors(way.box.root)
    for arrange in (odd(way.box.root, os.ttyname(terminals[1]), opened), tame):
        way.prepare()
        assert way.direct(arrange) == 0
        direct = way.seen()
        assert way.launch(arrange) == 0
        launched = way.seen()
        assert launched.argv == direct.argv
        for key in {key for key, _ in direct.lines} - {"env", "arg", *ITS_OWN}:
            assert launched.all(key) == direct.all(key), key
        if way.recorded:
            # What is pending is no child's.
            pending = {one for one in direct.all("signals") if b"Pnd" in one}
            assert {*direct.all("signals")} - pending <= {*launched.all("signals")}
        else:
            inherited(launched, direct)
        assert launched.all("children") == [b""]
        if arrange is not tame:
            assert launched.all("tty") == [b"1 1"]
            assert len(launched.all("open")) == 21
            assert timers(direct) == [b"1"] * 3
    for fd in (*terminals, *opened):
        os.close(fd)
    assert bool(way.box.refreshes) is (way.name in {"stale", "cold", "none"})


@pytest.fixture
def heard() -> Iterator[None]:
    """Signals that end programs are heard, though tests under nohup ignore some."""
    ignored = [one for one in FATAL if signal.getsignal(one) is signal.SIG_IGN]
    for one in ignored:
        signal.signal(one, signal.SIG_DFL)
    yield
    for one in ignored:
        signal.signal(one, signal.SIG_IGN)


@pytest.fixture
def no_core() -> Iterator[None]:
    """Nothing is dumped by what we start."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, before)


def ended(way: Way, **environ: str) -> int:
    """How the launcher ends; Python would leave two signals ignored."""
    path, env = (
        os.fspath(way.box.launcher),
        {**way.environ, **way.more, **environ, "RECORD": "/dev/null"},
    )
    ignored = (signal.SIGPIPE, signal.SIGXFSZ)
    pid = os.posix_spawn(path, way.words, env, setsigdef=ignored)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.usefixtures("no_core", "heard")
def test_every_exit_status_and_every_fatal_signal_is_the_compilers(way: Way) -> None:
    way.words = [b"launcher", *way.words]
    way.prepare()
    for status in range(256):
        assert ended(way, STATUS=f"{status}") == status
    for number in FATAL:
        assert ended(way, SIGNAL=f"{int(number)}") == -number
    # Behind a refresh too, each time.
    for status in (0, 1, 2, 77, 126, 127, 128, 255):
        way.prepare()
        assert ended(way, STATUS=f"{status}") == status


@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1, 2]], ids=str)
def test_closed_standard_files_stay_closed(way: Way, closed: list[int]) -> None:
    def close() -> None:
        null = os.open("/dev/null", os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        os.closerange(3, 64)
        for fd in closed:
            os.close(fd)

    way.notes = ["note hello what was not to land in a file"]
    way.box.plan_for_refresher(*way.notes)
    way.prepare()
    assert way.direct(close) == 0
    direct = way.seen()
    assert way.launch(close) == 0
    assert way.seen().all("open") == direct.all("open")
    way.settle()
    for path in way.box.cache.iterdir():
        # What was meant for standard error is in none of them.
        assert b"distcc-build: " not in path.read_bytes()
        assert path.stat().st_size == 0 or path.name.startswith(("plan-", "lock-"))


def test_words_arrive_byte_for_byte(way: Way) -> None:
    words = [*way.words, b"", b"\xff\xfe", b"a b", b"$(x)`y`'\"\\*", b"\n", b"", b"x" * 100_000]
    words += [b"-DN%d=\xe9" % n for n in range(2000)]
    way.prepare()
    assert way.launch(words=words) == 0
    before = [b"distcc"] if way.becomes == "distcc" else []
    assert way.seen().argv == [*before, *words]


def test_environment_arrives_entry_for_entry(way: Way) -> None:
    odd_entries = [
        b"TWICE=1",
        b"no equals sign",
        b"EMPTY=",
        b"=",
        b"=x",
        b"",
        b"BYTES=\xff\xfe\x80",
    ]
    env = [b"FIRST=1", *odd_entries, *way.env, b"TWICE=2", b"LINES=a\nb", b"MAKEFLAGS= -j --x=3,4"]
    way.prepare()
    assert way.launch(env=env) == 0
    # Where we become the compiler, it is told which, in case that it calls us.
    seen = [one for one in way.seen().all("env") if not one.startswith(b"_DISTCC_BUILD_BEHIND=")]
    assert seen == env


def test_what_a_plan_sets_takes_the_place_of_the_old_and_else_comes_last(tmp_path: Path) -> None:
    way = Way(Box(tmp_path / "box"), "fresh")
    way.box.write_plan("env A=new", "default B=new", "env C=new", "default D=new")
    env = [b"A=old", b"B=old", *way.env, b"B=2", b"Z=last"]
    assert way.launch(env=env) == 0
    expected = [b"A=new", *env[1:], b"C=new", b"D=new"]
    assert way.seen().all("env") == expected


@contextlib.contextmanager
def reachable(name: str) -> Iterator[Way]:
    """A way in a place that every user can reach."""
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        yield Way(Box(Path(directory, "box")), name)


@pytest.mark.parametrize("name", WAYS)
def test_directory_that_is_gone_or_below_one_that_nobody_may_read(name: str) -> None:
    with reachable(name) as way:
        root = way.box.root

        def gone() -> None:
            where = root / "gone"
            where.mkdir()
            os.chdir(where)
            where.rmdir()

        def hidden() -> None:
            os.chdir(root / "above/here")
            (root / "above").chmod(0)
            if os.geteuid() == 0:
                os.setgid(12345)
                os.setuid(12345)

        for arrange in (gone, hidden):
            (root / "above/here").mkdir(parents=True, exist_ok=True)
            way.prepare()
            if arrange is hidden and os.geteuid() == 0:
                for path in [root, *root.rglob("*")]:
                    os.chown(path, 12345, 12345)
            assert way.direct(arrange) == 0
            direct = way.seen()
            (root / "above").chmod(0o755)
            assert way.launch(arrange) == 0
            launched = way.seen()
            (root / "above").chmod(0o755)
            assert launched.argv == direct.argv
            assert launched.all("cwd") == direct.all("cwd")
            assert launched.all("directory")[0].split()[0] == direct.all("directory")[0].split()[0]
        way.settle()
