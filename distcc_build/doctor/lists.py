"""What to do about a list of servers in a file, or from a command, for doctor.  Pure."""

import re
import shlex

from distcc_build.doctor.words import believable
from distcc_build.offer import Account, Line

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
    why, file = account.why, shlex.quote(path)
    run = " cannot be run: " in why
    failed = next((one for one in account.lines if one.verdict == "could not be asked"), None)
    if failed:
        host = re.sub(r":[0-9]+$", "", failed.name)
        return f"see that it can be looked up: getent ahosts {host}; or write its address"
    if " is not believed: " in why:
        return believable(why)[1] + SEEN
    if "no #! line" in why:
        return f"if a command, begin it with a #! line; if a list, chmod a-x {file}{SEEN}"
    if run and "Permission denied" in why:
        return f"let your user run it, and what its #! line names (namei -l {file}){SEEN}"
    if run:
        return f"correct the #! line of {path}: the program that it names cannot be run"
    if " ended with status " in why or " was ended by signal " in why:
        return f"mend it: (cd / && {file}) </dev/null shows what it says"
    if " takes longer than " in why or why.startswith("no answer within "):
        return (
            f"write what {path} prints into a file by a timer, and name that; or give it more "
            "time: option deadline, of which it gets the most part"
        )
    return _of_the_file(path, why)


def _of_the_file(path: str, why: str) -> str:
    """The same, where no command is to blame."""
    file = shlex.quote(path)
    if "No such file" in why:
        return f"write the servers into {path}, {HOST} each, or correct the path in the hosts list"
    if "Permission denied" in why:
        return f"let your user read it (namei -l {file} shows who may){SEEN}"
    if "expected a file" in why:
        return "name a file that lists the servers, or a command that prints them"
    if "bytes" in why or "is no text" in why or "prints no text" in why:
        return f"see that {path} is the right one: it is to say {HOST} of each server, no more"
    if why.endswith((" lists no server", " prints no server")):
        verb = "write the servers into" if " lists " in why else "see why no servers come from"
        return f"{verb} {path}, {HOST} each"
    if "whose address is known" in why:
        # What is wrong with each name is said of it.
        return ""
    if "that can be used" in why:
        return f"see that {path} names servers beside this machine, {HOST} each"
    return f"see that {path} lists the servers"


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
