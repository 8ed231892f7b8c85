"""What the user has set: the hosts list, the configuration, and variables."""

import re
from collections.abc import Iterator
from pathlib import Path

from distcc_build.config import PREFIX, Config, unclear_switch
from distcc_build.doctor.case import Case
from distcc_build.doctor.findings import Check, Loss, Section, Status, ok, problem, skipped, warning
from distcc_build.doctor.words import believable
from distcc_build.errors import DistccBuildError
from distcc_build.hosts import DISCOVER, Kind
from distcc_build.inputs import config_files, read_inputs
from distcc_build.launch import unusable

__all__ = ["look_at_configuration", "look_at_hosts"]

MAX_SHOWN = 200
"""Characters of a hosts list."""


def look_at_hosts(case: Case) -> Section:
    """Find the list as distcc does, and say where it came from."""
    return Section("hosts", "hosts list", tuple(_hosts(case)))


def look_at_configuration(case: Case) -> Section:
    """Name what is set, and what is wrong with it."""
    checks = [*_switch(case), *_home(case), *_options(case), *_warnings(case)]
    return Section("configuration", "configuration", tuple(checks))


def _hosts(case: Case) -> Iterator[Check]:
    try:
        inputs = case.inputs = read_inputs(case.environ)
    except DistccBuildError as error:
        yield problem("hosts and configuration", *_unusable(str(error)), Loss.ALL)
        return
    listed = str(inputs.hosts) or "(empty)"
    if len(listed) > MAX_SHOWN:
        listed = f"{listed[:MAX_SHOWN]} ..."
    wrong = Loss.ADVICE
    if inputs.hosts.discover:
        by_default = "" if inputs.hosts_given else ", so the servers are looked for"
        yield ok(inputs.hosts_source, f"{listed}{by_default}")
    elif any(one.usable and one.kind is not Kind.LOCAL for one in inputs.hosts.hosts):
        yield ok(inputs.hosts_source, f"{listed} (no {DISCOVER}: distcc gets it as it is)")
    elif inputs.hosts.problems:
        # What to do is said of its words.
        text = "is wrong: no word of it can be used"
        if inputs.hosts.entries:
            text = f"is {listed!a} without what is wrong in it: nothing in it leads to a server"
        yield Check(inputs.hosts_source, Status.PROBLEM, text, "", Loss.ALL)
        wrong = Loss.ALL
    else:
        text = f"is {f'{listed!a}' if inputs.hosts.entries else 'empty'}: it names no server, and "
        text += "does not ask for discovery"
        remedy = f"add {DISCOVER} to {inputs.hosts_source}, or take that list away"
        yield problem(inputs.hosts_source, text, remedy, Loss.ALL)
    for one in inputs.hosts.problems:
        token, _, expected = one.removeprefix("hosts list: ").partition(": ")
        meant = re.search("did you mean .*", expected)
        more = f": {meant[0]}" if meant else ""
        remedy = f"correct this word of the hosts list{more}"
        yield problem(token, expected, remedy, wrong, misleads=True)


def _unusable(error: str) -> tuple[str, str]:
    """What is the matter with a file that cannot be used or not be believed, and what to do."""
    if " is not believed: " in error:
        return believable(error)
    text, sign, remedy = error.rpartition("; ")
    return (text, remedy) if sign else (error, "correct the file that is named")


def _switch(case: Case) -> Iterator[Check]:
    if case.inputs is not None and case.inputs.off:
        text = f"{case.environ.get('DISTCC_BUILD')}: every compile runs here"
        yield problem("DISTCC_BUILD", f"is {text}", "unset it", Loss.ALL)
    elif wrong := unclear_switch(case.environ):
        name, _, text = wrong.partition(": ")
        yield problem(name, text, "set it to on or off", Loss.ADVICE)


def _home(case: Case) -> Iterator[Check]:
    home = case.environ.get("HOME", "")
    if home.startswith("/") and Path(home).is_dir():
        return
    matter = f"is {home!a}, which is no directory" if home else "is not set"
    text = f"{matter}: the user's own hosts list and configuration are not read, and a distcc "
    text += "that is called without us compiles everything here"
    remedy = "set it in the environment of the build (in SCons: env['ENV']['HOME'])"
    yield problem("HOME", text, remedy, Loss.ADVICE)


def _options(case: Case) -> Iterator[Check]:
    inputs = case.inputs
    if inputs is None:
        yield skipped("options", "cannot be used")
        return
    usual = Config()
    changed = [
        f"{name}={_shown(value)}"
        for name, value in inputs.config._asdict().items()
        # The directory has a place of its own.
        if value != getattr(usual, name) and name != "cache_dir"
    ]
    there = [str(one) for one in config_files(case.environ) if one.is_file()]
    there += ["environment"] if any(one.startswith(PREFIX) for one in case.environ) else []
    source = f" (from {', '.join(there)})" if there and changed else ""
    yield ok("options", f"{' '.join(changed) or 'all as they are by default'}{source}")
    if not inputs.config.probe:
        remedy = "set probe = true"
        yield warning("probe", "is off: servers are used whatever they have installed", remedy)
    if inputs.config.match != "exact":
        text = f"is {inputs.config.match}: servers that give other objects are used"
        yield warning("match", text, 'set match = "exact"')


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return ",".join(f"{address}:{port}" for address, port in value)
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _warnings(case: Case) -> Iterator[Check]:
    inputs = case.inputs
    if inputs is None:
        return
    others = [one for one in inputs.warnings if one not in inputs.hosts.problems]
    used = () if case.no_directory else unusable(case.environ, case.directory)
    checks = [_left_out(one) for one in (*others, *used)]
    # Of two sentences about a variable the later says more: what is used in its place.
    yield from {one.name.partition("=")[0]: one for one in checks}.values()


def _left_out(sentence: str) -> Check:
    """A setting that does not mean what it was to mean."""
    found = re.search(r"DISTCC_\w+(?:=[^\s:]*)?", sentence)
    name, text = "setting", sentence
    if found:
        name, rest = found[0], sentence[found.end() :]
        # "unknown variable" stands before its name.
        text = f"is unknown{rest}" if found.start() else rest.lstrip(": ")
    meant = re.search(r"did you mean [^?]*\?", sentence)
    remedy = f"correct it ({meant[0]}), or take it away" if meant else "correct it, or take it away"
    return problem(name, text, remedy, Loss.ADVICE, misleads=sentence.endswith("it is ignored"))
