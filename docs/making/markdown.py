"""The parts of the reference that are made from the code, as Markdown.

A page has a line `% made: NAME` where such a part goes, NAME being a key of PARTS.  A page that
begins with `% needs: THING` is about a command (`top`), an option of one (`run --pump`) or a module
(`distcc_build.report`); it is none where there is no such thing, and a line `% if THING: TEXT`
elsewhere is TEXT only where there is.
"""

import importlib.util
import re
from collections.abc import Callable, Iterable

from making import facts, lsdistcc

__all__ = ["PARTS", "complete", "is_there", "wanted"]

NEEDS = re.compile(r"% needs: (.+)\n")
IF = re.compile(r"^% if ([^:\n]+): (.*)\n", re.MULTILINE)
MARK = re.compile(r"^% made: (?P<name>\S+)$", re.MULTILINE)


def complete(text: str) -> str:
    """A page with its parts put in.

    :raises KeyError: when there is no such part.
    """
    text = IF.sub(lambda found: f"{found[2]}\n" if is_there(found[1]) else "", text)
    return MARK.sub(lambda found: PARTS[found["name"]](), text)


def wanted(text: str) -> bool:
    """Whether what a page is about is there."""
    needs = NEEDS.match(text)
    return needs is None or is_there(needs[1])


def is_there(what: str) -> bool:
    """Whether there is such a command, option of one, or module."""
    if what.startswith("distcc_build."):
        return importlib.util.find_spec(what) is not None
    name, _, option = what.partition(" ")
    return any(one.name == name and (not option or one.takes(option)) for one in facts.commands())


def commands() -> str:
    """Every command of distcc-build."""
    return "\n".join(line for one in facts.commands() for line in _command(one))


def _command(one: facts.Command) -> Iterable[str]:
    yield from (f"(command-{one.name})=", f"## {one.name}", "", f"{_text(one.summary)}.", "")
    yield from ("```text", one.usage, "```", "")
    for argument in one.arguments:
        yield ", ".join(f"`{form}`" for form in argument.forms)
        yield from (f": {_text(argument.help)}", "")
    in_makefile = one.example.startswith(("CC :=", "include "))
    if one.status:
        yield from (f"Exit status: {_text(one.status)}.", "")
    sign, kind = ("", "make") if in_makefile else ("$ ", "console")
    lines = (f"{sign}{line}" for line in one.example.splitlines())
    yield from ("For example:", "", f"```{kind}", *lines, "```", "")


def options() -> str:
    """Every option of the configuration."""
    lines = []
    for one in facts.options():
        first, *more = one.text.split("\n\n")
        lines += [f"(option-{one.name})=", f"`{one.name}`", f": {_text(_joined(first))}", ""]
        for paragraph in more:
            lines += [f"  {_text(_joined(paragraph))}", ""]
        said = f"Default: `{one.default}`." if one.default else "Default: none."
        expected = f" Expected: {_text(one.expected)}." if one.expected else ""
        lines += [f"  {said}{expected} Variable: `{one.variable}`.", ""]
    return "\n".join(lines)


def variables() -> str:
    """Variables that are no options."""
    return _definitions(facts.variables())


def exits() -> str:
    """Exit statuses."""
    return _definitions(facts.exits())


def causes() -> str:
    """What a probe can find."""
    return _table(("It says", "What it says of the server", "Do"), facts.causes())


def files() -> str:
    """Files in the cache directory."""
    return _table(("File", "What is in it", "Swept away"), facts.files(), code=True)


def stays_local() -> str:
    """What the launcher gives to the compiler itself."""
    rows = [
        (reason, " ".join(f"`{text}`" for text in texts)) for reason, texts in facts.stays_local()
    ]
    lines = ["| Because | Command lines with |", "|---|---|"]
    return "\n".join([*lines, *(f"| {_text(a)} | {b} |" for a, b in rows)])


def schemas() -> str:
    """The fields of what commands print with --json."""
    lines = []
    for name, text, fields in facts.schemas():
        lines += [f"## {name}", "", _text(text), ""]
        lines += ["| Field | |", "|---|---|", *(f"| `{one}` | {_text(on)} |" for one, on in fields)]
        lines += [""]
    return "\n".join(lines)


def lsdistcc_options() -> str:
    """What replaces each option of lsdistcc."""
    return _cases(lsdistcc.OPTIONS, "Option")


def lsdistcc_answers() -> str:
    """What lsdistcc gets wrong."""
    return _cases(lsdistcc.ANSWERS, "What is the case")


def _cases(cases: Iterable[lsdistcc.Case], title: str) -> str:
    lines = [f"| {title} | lsdistcc | distcc-build |", "|---|---|---|"]
    for one in cases:
        topic = _text(one.topic) if " " in one.topic else f"`{one.topic}`"
        default = f" (default: `{one.default}`)" if one.default else ""
        they = "; or ".join(map(_said, one.they))
        times = f", {one.times} times out of {one.times}" if one.times > 1 else ""
        cells = [
            f"**{topic}**{default}: {one.remark}",
            f"`{one.theirs}`: {they}",
            f"`{one.ours}`: {_said(one.we)}{times}",
        ]
        # A table's cells are parted before code is looked for.
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines)


def _said(said: lsdistcc.Said) -> str:
    told = ", ".join(f"`{line}`" for line in said.lines if line != "...") or "nothing"
    return f"{told}, exit status {said.status}" if said.status or not said.lines else told


PARTS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "options": options,
    "variables": variables,
    "exits": exits,
    "causes": causes,
    "files": files,
    "stays-local": stays_local,
    "schemas": schemas,
    "lsdistcc-options": lsdistcc_options,
    "lsdistcc-answers": lsdistcc_answers,
}


def _definitions(rows: Iterable[facts.Row]) -> str:
    return "\n".join(f"`{one.name}`\n: {_text(one.text)}\n" for one in rows)


def _table(
    titles: Iterable[str], rows: Iterable[tuple[str, str, str]], *, code: bool = False
) -> str:
    lines = [f"| {' | '.join(titles)} |", "|---|---|---|"]
    for name, *others in rows:
        first = f"`{name}`" if code else name
        lines.append(f"| {' | '.join([first, *map(_text, others)])} |")
    return "\n".join(lines)


def _joined(paragraph: str) -> str:
    return " ".join(paragraph.split())


def _text(text: str) -> str:
    """Text in which nothing but code between backquotes means anything to Markdown."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"([\\*_<>\[\]|$~])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)
