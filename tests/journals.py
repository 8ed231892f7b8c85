"""Journals as a build leaves them: a farm with slots, jobs of all kinds, made anew from a seed."""

import json
import random
from typing import Any

from hypothesis import strategies as st

from distcc_build.record.journal import PHASES, UNKNOWN, Job, Phase, read_journal
from distcc_build.record.tally import Build

__all__ = ["BEGAN", "HOSTILE", "JOBS", "A", "B", "a_build", "a_journal", "job", "some_jobs"]

BEGAN = 1_780_000_000
"""Seconds since 1970."""

MILLISECOND = 1_000_000

# Names of files, and words, that would do harm where they were taken for something else.
HOSTILE = (
    "</script><script>window.harmed=1</script>.c",
    "<img src=x onerror=window.harmed=1>.c",
    "\"onmouseover='window.harmed=1'&lt;.c",
    "bad\udcff\udc80byte.c",
    "esc\x1b[31m\x07\x00null.c",
    "turn\u202eed.c",
    "<!--<script>.c",
    "${harm}`x`\\u003c.c",
    "line\u2028break\nnew.c",
    "__proto__",
)

SERVERS = {f"10.20.0.{number}": f"distcc{number}" for number in range(1, 100)}


def a_build(
    jobs: list[Job], servers: int = 4, slots: int = 4, status: int = 0, *, whole: bool = True
) -> Build:
    """The build that these are of."""
    ends = [job.end for job in jobs if job.end is not None]
    hosts = list(SERVERS)[:servers]
    return Build(
        command=("make", "-k", f"-j{servers * slots}", "CC=distcc gcc"),
        cwd="/home/kim/project",
        begin=BEGAN,
        end=max([*ends, BEGAN + 0.5]) + 0.2,
        status=status,
        client="workstation",
        cores=8,
        jobs=servers * slots,
        names={host: SERVERS[host] for host in hosts},
        limits=dict.fromkeys(hosts, slots),
        whole=whole,
    )


def some_jobs(number: int, servers: int = 4, slots: int = 4, seed: int = 1) -> list[Job]:
    """That many jobs, a few of them failed, killed, local, or links."""
    return read_journal(a_journal(number, servers, slots, seed))


def a_journal(number: int, servers: int = 4, slots: int = 4, seed: int = 1) -> bytes:
    """The same, as the recorder writes them: what ends later stands later."""
    chance = random.Random(seed)
    # When each slot is free; the empty host is this machine.
    free = {(host, slot): 0 for host in list(SERVERS)[:servers] for slot in range(slots)}
    free |= {("", slot): 0 for slot in range(servers)}
    places = [[one for one in free if (one[0] == "") == here] for here in (False, True)]
    lines: list[tuple[int, bytes]] = []
    for count in range(number):
        kind = chance.choices(
            ["remote", "here", "again", "link", "killed", "unknown", "failed"],
            [86, 5, 2, 2, 1, 1, 3],
        )[0]
        here = kind in {"here", "again", "link"}
        slot = min(places[here], key=free.__getitem__)
        end = _job(lines, chance, count, kind, slot, free[slot])
        free[slot] = end + 2 * MILLISECOND
    lines.sort()
    return b"".join(line for _, line in lines)


def _job(
    lines: list[tuple[int, bytes]],
    chance: random.Random,
    count: int,
    kind: str,
    slot: tuple[str, int],
    free: int,
) -> int:
    """Add the lines of one job; its end, nanoseconds since the build began."""
    took = int(chance.lognormvariate(0.2, 0.9) * 1e9)
    begun = free + int(chance.expovariate(1 / 8) * MILLISECOND)
    # What make has started waits until a slot is free.
    started = max(0, begun - int(chance.expovariate(1 / 200) * MILLISECOND))
    end = begun + took
    parts = ("core", "net", "ui/widgets", "render", "store/index")
    source = f"src/{chance.choice(parts)}/{chance.choice(['parse', 'tree', 'view'])}_{count}.cpp"
    argv = [
        "g++",
        "-std=c++20",
        "-O2",
        "-g",
        "-Wall",
        "-Iinclude",
        "-Ibuild/gen",
        f"-DUNIT={count}",
    ]
    argv += ["-c", source, "-o", f"build/{source[4:-4]}.o"]
    why = ""
    if kind == "link":
        argv, why = (
            ["g++", "-o", f"build/tool{count}", "build/a.o"],
            "it links, and does not compile",
        )
    elif kind == "here":
        argv.insert(3, "-march=native")
        why = "-march=native is for this processor only"
    asked = kind not in {"here", "link"}
    record: dict[str, Any] = {"pid": 4000 + count, "id": count + 1}
    head = {
        **record,
        "begin": BEGAN * 10**9 + started,
        "as": "distcc" if asked else "compiler",
        "program": "/usr/bin/distcc",
        "why": why,
        "cwd": "/home/kim/project",
        "argv": argv,
    }
    lines.append((started, json.dumps(head).encode() + b"\n"))
    states = _states(kind, slot, begun, took) if asked else []
    record["states"] = [[BEGAN * 10**9 + when, *rest] for when, *rest in states]
    if kind != "killed":
        tail = {
            **record,
            "end": BEGAN * 10**9 + end,
            "status": int(kind == "failed"),
            "size": took // 99999,
        }
        lines.append((end, json.dumps(tail).encode() + b"\n"))
    return end


def _states(
    kind: str, slot: tuple[str, int], begun: int, took: int
) -> list[tuple[int, int, str, int]]:
    if kind == "unknown":
        return []
    host, number = slot
    if kind == "again":
        server = next(iter(SERVERS))
        return [
            (begun, 3, "localhost", 0),
            (begun + took // 9, 5, server, 1),
            (begun + took // 2, 5, "localhost", number),
        ]
    return [
        (begun, 3, "localhost", 1),
        (begun + took * 15 // 100, 2, host, number),
        (begun + took * 16 // 100, 4, host, number),
        (begun + took * 20 // 100, 5, host, number),
        (begun + took * 93 // 100, 6, host, number),
    ]


# Names are sorted by their numbers, addresses too.
A, B = "10.0.0.2", "10.0.0.10"


def job(begin: float, end: float | None, host: str = A, slot: int | None = 0, **more: Any) -> Job:
    """One compile; seconds since 1970."""
    made = Job(
        pid=1,
        begin=begin,
        end=end,
        argv=("gcc", "-c", "a.c"),
        cwd="/",
        file="a.c",
        output="",
        compiles=True,
        host=host,
        slot=slot,
        tried=(),
        why="",
        phases=(),
        status=0,
        size=None,
    )
    return made._replace(**more)


TIMES = st.floats(-5, 50, allow_nan=False)
PHASE_LISTS = st.lists(
    st.builds(Phase, TIMES, st.sampled_from(PHASES), st.sampled_from(["localhost", A, B])),
    max_size=6,
).map(tuple)
JOBS = st.lists(
    st.builds(
        job,
        TIMES,
        st.none() | TIMES,
        st.sampled_from([A, B, "", UNKNOWN, "x1", "x"]),
        st.none() | st.integers(0, 2),
        phases=PHASE_LISTS,
        status=st.sampled_from([0, 1, -9, None]),
        tried=st.sampled_from([(), (A,)]),
    ),
    max_size=25,
)
"""Also such as no build could make: the clock was set, the journal is of several builds."""
