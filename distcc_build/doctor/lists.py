"""What to do about a list of servers in a file, or from a command, for doctor.  Pure."""

import re
import shlex

from distcc_build.doctor.words import believable
from distcc_build.offer import Account, Line
from distcc_build.trouble import Trouble

__all__ = ["of_the_line", "of_the_list", "unanswered"]

HOST = "HOST:PORT/LIMIT"
"""How a server is written there."""

SEEN = ", then distcc-build refresh"
"""Behind what changes nothing but rights: compiles see that a file is another, and not that."""

SHOWN = 3
"""Names that could not be asked, in one sentence."""


def unanswered(account: Account) -> str:
    """The names that could not be asked, with what was said of the first; empty for none."""
    failed = [one for one in account.lines if one.verdict == "could not be asked"]
    if not failed:
        return ""
    names = ", ".join(one.name for one in failed[:SHOWN])
    more = f" and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
    return f"{names}{more}: {failed[0].came_back}"


def of_the_list(path: str, account: Account) -> str:
    """What to do where a list cannot be had, or names no server."""
    failed = next((one for one in account.lines if one.verdict == "could not be asked"), None)
    if failed:
        host = re.sub(r":[0-9]+$", "", failed.name)
        return f"see that it can be looked up: getent ahosts {host}; or write its address"
    if account.trouble is Trouble.NOT_BELIEVED:
        return believable(account.why)[1] + SEEN
    remedy = REMEDIES.get(account.trouble, "see that {path} lists the servers")
    return remedy.format(path=path, file=shlex.quote(path))


REMEDIES: dict[Trouble | None, str] = {
    Trouble.MISSING: f"write the servers into {{path}}, {HOST} each, or correct the path in the "
    "hosts list",
    Trouble.UNREADABLE: f"let your user read it (namei -l {{file}} shows who may){SEEN}",
    Trouble.NO_FILE: "name a file that lists the servers, or a command that prints them",
    Trouble.NO_LIST: f"see that {{path}} is the right one: it is to say {HOST} of each server, no "
    "more",
    Trouble.NOT_RUN: f"if it is a command, chmod +x {{file}}{SEEN}",
    Trouble.NO_HEADER: "if a command, begin it with a #! line; if a list, chmod a-x {file}" + SEEN,
    Trouble.MAY_NOT_RUN: "let your user run it, and what its #! line names (namei -l {file})"
    + SEEN,
    Trouble.CANNOT_RUN: "correct the #! line of {path}: the program that it names cannot be run",
    Trouble.FAILED: "mend it: (cd / && {file}) </dev/null shows what it says",
    Trouble.LATE: "write what {path} prints into a file by a timer, and name that; or give it more "
    "time: option deadline, of which it gets the most part",
    Trouble.EMPTY: f"write the servers into {{path}}, {HOST} each",
    Trouble.PRINTS_NOTHING: f"see why no servers come from {{path}}, {HOST} each",
    Trouble.UNUSABLE: f"see that {{path}} names servers beside this machine, {HOST} each",
    # What is wrong with each name is said of it.
    Trouble.UNKNOWN: "",
}
"""With the path as it is, and as `file` for a shell."""


def of_the_line(path: str, line: Line) -> str:
    """What to do about an entry that was left out."""
    said = line.came_back
    if said == "no such name":
        return f"give it an address in DNS or /etc/hosts, or take it out of {path}"
    if "hosts list itself" in said:
        return f"move it from {path} into the hosts list itself"
    if "(max_servers)" in said:
        return "set max_servers higher"
    if "require_dnssec" in said:
        return f"write addresses instead of names into {path}"
    return f"correct it in {path}: {HOST} is expected"
