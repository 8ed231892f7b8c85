"""What distcc clients do, drawn: a screen of any size, and plain lines.  Looks at nothing."""

import io
import time
from collections.abc import Iterable, Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from distcc_build.cli.common import printable
from distcc_build.taskfile import HERE, Phase
from distcc_build.top.activity import Job, Row, View

__all__ = ["Dashboard", "plain"]

STYLES = {
    Phase.BLOCKED: "yellow",
    Phase.CONNECT: "cyan",
    Phase.PREPROCESS: "blue",
    Phase.SEND: "cyan",
    Phase.COMPILE: "green",
    Phase.RECEIVE: "cyan",
}

NARROW = 70
"""Columns below which a screen leaves out what can be told from the rest."""

LOW = 16
"""Lines below which none is left empty."""

SIGNS = {False: "█░", True: "#-"}
"""What bars are made of: slots in use and free ones, on a terminal for ASCII only and others."""

BAR = 20
"""Columns of a bar at most."""


class Dashboard:
    """A screen: the totals, the servers, then the jobs, as many of each as have room."""

    def __init__(self, view: View) -> None:
        self._view = view

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it for the size of the screen."""
        width, height = options.max_width, options.height or console.height
        view = self._view
        first, second = _head(view)
        lines = [_line(first if width >= NARROW else first[1:])]
        lines += [_line([*second, ("q quits", "dim")] if width >= NARROW else second)]
        lines += [_line([(text, "yellow")]) for text in view.problems[:2]]
        yield from lines
        # Each table has a line of titles, and where there is room an empty one before.
        gaps = height >= LOW
        room = max(height - len(lines) - 2 * (1 + gaps), 2)
        rows, jobs = [*view.servers, view.here], view.jobs
        for_jobs = min(len(jobs), max(room // 2, room - len(rows)))
        yield from [Text()] * gaps
        yield from _servers(rows, room - for_jobs, width, SIGNS[options.ascii_only])
        yield from [Text()] * gaps
        yield from _jobs(view, for_jobs, width)


def plain(view: View) -> str:
    """A line for each server and each job, as wide as they are, for pipes and simple terminals."""
    head = ["  ".join(text for text, _ in part) for part in _head(view)]
    tables = [_server_table([*view.servers, view.here], NARROW)]
    tables += [_job_table(view, view.jobs, NARROW, hosts=True)] if view.jobs else []
    lines = [*head, *(printable(one) for one in view.problems)]
    for table in tables:
        written = io.StringIO()
        # Wider than anything: what is not on a screen is cut nowhere.
        wide = Console(file=written, width=100_000, color_system=None, force_terminal=False)
        wide.print(table)
        lines += ["", *(line.rstrip() for line in written.getvalue().splitlines())]
    return "\n".join(lines)


def _head(view: View) -> list[list[tuple[str, str]]]:
    """The first lines: pieces of text, each with a style."""
    clock = time.strftime("%H:%M:%S", time.localtime(view.time))
    jobs = _count(len(view.jobs), "job") if view.jobs else "no compile runs"
    first = [(clock, "dim"), (jobs, "bold")]
    first += [
        (f"{one.word} {view.phases[one]}", STYLES.get(one, ""))
        for one in Phase
        if one in view.phases
    ]
    second = [(f"slots {_of(view.used, view.limit)}{_wait(view.waiting)}", "bold")]
    here = _of(view.here.used, view.here.limit)
    second += [(f"here {here}{_wait(view.waiting_here)}", "yellow" if view.waiting_here else "")]
    second += [] if view.rate is None else [(f"{view.rate:.1f}/s", "")]
    away = sum(row.backoff is not None for row in view.servers)
    second += [(f"backoff {away}", "red")] if away else []
    return [first, second]


def _servers(rows: Sequence[Row], room: int, width: int, signs: str) -> Iterable[Table | Text]:
    shown, rest = list(rows), 0
    if len(rows) > room:
        # Those where something happens, in their order, and a line for the others.
        telling = sorted(rows, key=lambda row: (row.backoff is None, not row.used))[
            : max(room - 1, 0)
        ]
        shown = [row for row in rows if row in telling]
        rest = len(rows) - len(shown)
    yield _server_table(shown, width, signs if width >= NARROW else "")
    if rest:
        others = [row for row in rows if row not in shown]
        used = sum(row.used for row in others)
        yield _line([(f"... {_count(rest, 'more server')}, {used} slots in use", "dim")])


def _jobs(view: View, room: int, width: int) -> Iterable[Table | Text]:
    if not view.jobs:
        return
    many = len(view.jobs) > room
    shown = view.jobs[: max(room - 1, 0)] if many else view.jobs
    yield _job_table(view, shown, width)
    if many:
        yield _line([(f"... {_count(len(view.jobs) - len(shown), 'more job')}", "dim")])


def _server_table(rows: Sequence[Row], width: int, signs: str = "") -> Table:
    addresses = width >= NARROW
    table = _table()
    table.add_column("server")
    if addresses:
        table.add_column("address")
    if signs:
        table.add_column("", no_wrap=True)
    table.add_column("slots", no_wrap=True, justify="right")
    table.add_column("backoff", no_wrap=True, justify="right")
    for row in rows:
        cells = [_cell("this machine" if row.place == HERE else _short(row.name, width))]
        cells += [_cell(row.address)] if addresses else []
        cells += [_bar(row, *signs)] if signs else []
        left = "" if row.backoff is None else f"{row.backoff:.0f} s"
        cells += [_cell(_of(row.used, row.limit)), _cell(left)]
        table.add_row(*cells, style="" if row.backoff is None else "red")
    return table


def _job_table(view: View, jobs: Sequence[Job], width: int, *, hosts: bool = False) -> Table:
    wide, several = width >= NARROW, len(view.looked) > 1
    table = _table()
    if wide:
        table.add_column("pid", no_wrap=True, justify="right")
    table.add_column("phase", no_wrap=True)
    table.add_column("age", no_wrap=True, justify="right")
    table.add_column("server")
    if hosts:
        table.add_column("host")
    table.add_column("file")
    if several:
        table.add_column("DISTCC_DIR" if wide else "dir")
    for job in jobs:
        age = "" if job.age is None else _duration(job.age)
        slot = "" if job.slot is None else f"[{job.slot}]"
        cells = [str(job.pid)] if wide else []
        cells += [job.phase.word if wide else job.phase.word[:4], age]
        cells += [_short(view.name(job), width) + slot]
        cells += [job.host] if hosts else []
        cells += [job.file]
        directory = job.directory if wide else job.directory.rpartition("/")[2]
        cells += [directory] if several else []
        table.add_row(*map(_cell, cells), style=STYLES.get(job.phase, ""))
    return table


def _cell(text: str) -> Text:
    # Not so their columns, the widest of which gets narrower where there is too little room.
    return Text(printable(text), no_wrap=True, overflow="ellipsis")


def _table() -> Table:
    return Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))


def _short(name: str, width: int) -> str:
    """A name without its domain where there is no room for it; addresses stay."""
    label, _, domain = name.partition(".")
    address = not label or label.isdecimal() or ":" in label
    return name if width >= NARROW or address or not domain else label


def _bar(row: Row, full_sign: str, free_sign: str) -> Text:
    """One sign for each slot, as far as there is room."""
    limit = max(row.limit or 0, row.used)
    length = min(limit, BAR)
    full = -(-row.used * length // limit) if limit else 0
    return Text.assemble((full_sign * full, "green"), (free_sign * (length - full), "dim"))


def _line(parts: Iterable[tuple[str, str]]) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    for number, (part, style) in enumerate(parts):
        text.append("  " if number else "").append(printable(part), style=style)
    return text


def _of(used: int, limit: int | None) -> str:
    return f"{used}/{'?' if limit is None else limit}"


def _wait(number: int) -> str:
    return f" ({number} wait)" if number else ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _duration(seconds: float) -> str:
    """As short as it can be told: 0.4s, 12s, 3m05s, 2h07m."""
    if seconds < 10:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"
    return f"{minutes // 60}h{minutes % 60:02}m"
