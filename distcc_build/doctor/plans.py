"""The launcher, its cache directory, and the plan of each compiler."""

import os
import shutil
import time
from collections.abc import Iterator

from distcc_build import paths
from distcc_build.doctor.case import Case
from distcc_build.doctor.findings import Check, Loss, Section, ok, problem, skipped, warning
from distcc_build.doctor.programs import on_path
from distcc_build.errors import NotFoundError, PlanError
from distcc_build.held import Held, State, look_at
from distcc_build.hosts import Kind, parse_hosts
from distcc_build.plan import Plan
from distcc_build.planning import make_plan
from distcc_build.words import count, duration

__all__ = ["look"]


def look(case: Case) -> Section:
    """Look at what the launcher would use, and at what the next plan would be."""
    checks = [*_launcher(case), *_directory(case)]
    if not case.no_directory:
        checks += [check for word in case.compilers for check in _plan(case, word)]
    return Section("plans", "plans", tuple(checks))


def _launcher(case: Case) -> Iterator[Check]:
    try:
        program = paths.launcher()
    except NotFoundError as error:
        text, _, remedy = str(error).partition("; ")
        yield problem("distcc-launch", text, remedy, Loss.ALL)
        return
    first = shutil.which(program.name, path=case.environ.get("PATH", os.defpath))
    if first is None:
        text = f"{program} is not on PATH: builds that name it without its folder fail"
        yield warning(program.name, text, on_path(program), Loss.SYSTEM)
    elif os.path.realpath(first) != os.path.realpath(program):
        text = f"{first} is first on PATH, of another installation than {program}"
        yield warning(program.name, text, "remove one of the two", Loss.SYSTEM)
    else:
        yield ok(program.name, str(program))


def _directory(case: Case) -> Iterator[Check]:
    if not case.no_directory:
        yield ok("cache directory", f"{case.directory}, yours alone")
    elif "cache directory" in case.no_directory:
        remedy = "chmod 700 it, make room, or set DISTCC_BUILD_CACHE_DIR to another"
        yield problem("cache directory", case.no_directory.partition(" (")[0], remedy, Loss.ALL)
    else:
        yield skipped("cache directory", "only the launcher knows where it is")


def _plan(case: Case, word: str) -> Iterator[Check]:
    name, now = f"plan for {word}", time.time()
    held = look_at(paths.plan_paths([word], case.environ)[0], now)
    situation = case.situation()
    plan = held.plan
    if situation is None:
        yield skipped(name, "the next compile runs here, as the configuration cannot be used")
        return
    if situation.inputs.off:
        yield skipped(name, "not looked at by compiles, as DISTCC_BUILD is off")
        return
    try:
        following = make_plan(word, situation, case.environ, case.directory, now)
    except PlanError as error:
        yield problem(name, str(error), "mend what is named", Loss.COMPILER)
        return
    then = _becomes(following)
    again = f"run: distcc-build refresh --compiler {word}"
    if held.state is State.NONE:
        yield ok(name, f"none yet; to be made: {then}")
    elif plan is None or not held.holds:
        age = f"{duration(now - plan.made)} old, " if plan is not None else ""
        why = f" ({held.why})" if held.state is State.UNREADABLE else ""
        text = f"{age}{held.said}{why}: the next compile waits for another"
        yield warning(name, f"{text} ({then})", again)
    elif plan.program_kind != following.program_kind or (_remote(plan) == 0) != (
        _remote(following) == 0
    ):
        text = f"{_age(held, plan, now)}: {_becomes(plan)}; made now it would be: {then}"
        yield problem(name, text, again, Loss.COMPILER)
    else:
        yield ok(name, f"{_age(held, plan, now)}: {_becomes(plan)}")


def _age(held: Held, plan: Plan, now: float) -> str:
    return f"{duration(now - plan.made)} old, {held.said}"


def _remote(plan: Plan) -> int:
    listed = parse_hosts(plan.env.get("DISTCC_HOSTS", ""))
    return sum(one.usable and one.kind is not Kind.LOCAL for one in listed.hosts)


def _becomes(plan: Plan) -> str:
    if "CCACHE_PREFIX" in plan.defaults:
        return f"{plan.program}, and what it lacks goes on to distcc"
    if plan.program_kind == "compiler":
        return f"{plan.program}, here"
    if "DISTCC_HOSTS" not in plan.env:
        return "distcc, by the hosts list"
    remote = _remote(plan)
    return f"distcc, {count(remote, 'server')}" if remote else "distcc, here only"
