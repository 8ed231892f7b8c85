"""Which system call fails how: the points of the sweep, from strace's logs of runs without faults.

A point is named by the program, the call and how often the program has made that call before,
as strace's ``inject`` counts.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

__all__ = ["KILL", "Call", "Point", "calls", "points", "sample"]

KILL = "KILL"

_OPENS = ("EACCES", "EIO", "EMFILE", "ENOMEM", "ENOSPC", "EINTR")
_LOOKS = ("EACCES", "EIO", "ENOMEM")
_READS = ("EIO", "EINTR", "ENOMEM")
_WRITES = ("ENOSPC", "EIO", "EINTR")
_CHANGES = ("EACCES", "ENOSPC", "EIO")
_MEMORY = ("ENOMEM",)
_SENDS = ("ENOMEM", "EACCES", "EINTR")
_DESCRIPTORS = ("EMFILE", "ENOMEM")

ERRORS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("openat", "open"), _OPENS),
    **dict.fromkeys(
        ("newfstatat", "fstat", "access", "faccessat2", "readlink", "getcwd", "chdir"), _LOOKS
    ),
    **dict.fromkeys(("read", "pread64", "getdents64"), _READS),
    **dict.fromkeys(("write", "writev", "pwrite64"), _WRITES),
    **dict.fromkeys(("ftruncate", "renameat", "mkdir", "unlink", "rmdir", "fchmod"), _CHANGES),
    **dict.fromkeys(("mmap", "mremap", "brk", "mprotect", "clone", "vfork"), _MEMORY),
    **dict.fromkeys(("sendto", "connect"), _SENDS),
    "recvfrom": ("ENOMEM", "EIO", "EINTR"),
    **dict.fromkeys(("socket", "socketpair", "pipe2", "epoll_create1", "dup2"), _DESCRIPTORS),
    "bind": ("EACCES", "ENOMEM"),
    "epoll_ctl": ("ENOMEM", "ENOSPC"),
    "fcntl": ("EMFILE", "EINTR"),
    "flock": ("EINTR", "ENOMEM", "EIO"),
    "execve": ("EACCES", "EIO", "ENOMEM", "EMFILE"),
    "wait4": ("EINTR",),
    "epoll_wait": ("EINTR",),
    "poll": ("EINTR", "ENOMEM"),
    "clock_nanosleep": ("EINTR",),
    "close": ("EIO", "EINTR"),
    "ioctl": ("EIO",),
    "lseek": ("EIO",),
    "getsockopt": ("ENOMEM",),
    "getsockname": ("ENOMEM",),
    "getrandom": ("EINTR",),
    "uname": ("EIO",),
    "utimensat": ("EACCES", "EIO"),
    "chmod": ("EACCES", "EIO"),
    "setsid": ("EACCES",),
    "close_range": ("ENOMEM",),
    "prlimit64": ("EACCES",),
    "sched_getaffinity": ("ENOMEM",),
}
"""What a call can fail with, of the six errors of a machine in trouble."""

# Of the interpreter's own: to find modules, to read them, and to have memory for them.
_IMPORT = re.compile(r"/python3|/lib/x86|\.pyc?\b|\.so\b|site-packages|/pyvenv\.cfg|\.pth\b")
_UNINTERESTING = {"mmap", "munmap", "mremap", "brk", "mprotect", "rt_sigaction", "getpid"}

THIN = 12
"""Of calls that are like many others, one in so many is a point: there are thousands."""

# Process ids, times, descriptors, addresses and random names.
_VARYING = re.compile(r"0x[0-9a-f]+|[0-9a-f]{16}|[0-9]+")

_LINE = re.compile(r"(?:(?P<pid>\d+) +)?(?:\d+\.\d+ )?(?P<name>[a-z]\w*)\((?P<rest>.*)")


class Call(NamedTuple):
    """One system call of a run without faults."""

    name: str
    number: int
    """How many of the name there were in this process, this one included."""
    own: bool
    """It is made by this project's code, and not by the interpreter for itself."""
    text: str
    pid: str


class Point(NamedTuple):
    """One fault."""

    scenario: str
    program: str
    call: str
    number: int
    action: str
    """An error's name, or KILL."""


def calls(log: str) -> Iterator[Call]:
    """The calls of a log of strace -y, in order."""
    seen: Counter[tuple[str, str]] = Counter()
    for line in log.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        pid, name = found["pid"] or "", found["name"]
        seen[pid, name] += 1
        own = name not in _UNINTERESTING and not _IMPORT.search(line)
        yield Call(name, seen[pid, name], own, line, pid)


def points(
    scenario: str, program: str, made: Iterable[Call], known: set[str], thin: int = THIN
) -> list[Point]:
    """The faults to try: all at what is called for the first time, some at the rest.

    :param known: what has been called in earlier scenarios; what is called here is added.
    :param thin: of the interpreter's calls, and of those made before, one in so many; 1 stands
        for all of them, in every way.
    """
    chosen = []
    turns: Counter[str] = Counter()
    for index, call in enumerate(made):
        actions = [KILL, *ERRORS.get(call.name, ())]
        kind = f"{program} {_VARYING.sub('', call.text)}"
        if thin > 1 and (not call.own or kind in known):
            if index % thin:
                continue
            # Each of them fails another way in turn.
            turns[call.name] += 1
            actions = [actions[turns[call.name] % len(actions)]]
        known.add(kind)
        chosen += [Point(scenario, program, call.name, call.number, one) for one in actions]
    return chosen


def sample(every: Iterable[Point], many: int) -> list[Point]:
    """About so many points, always the same: some of each program and each kind of fault."""
    kinds: dict[tuple[str, str, str], list[Point]] = defaultdict(list)
    for point in every:
        kinds[point.scenario, point.program, point.action].append(point)
    each = max(1, many // len(kinds))
    chosen = []
    for found in kinds.values():
        step = len(found) / min(each, len(found))
        chosen += [found[int(n * step + step / 2)] for n in range(min(each, len(found)))]
    return chosen
