"""distcc-build explain: name by name what was asked, what came back, and what follows from it."""

import argparse
import time
from typing import TYPE_CHECKING

from distcc_build.cli.common import add_options, environment
from distcc_build.cli.progress import waiting

if TYPE_CHECKING:
    from pathlib import Path

    from distcc_build.launch import Situation

HELP = "tell how the servers were found and what a compile would do"
EXAMPLE = "distcc-build explain --compiler clang++"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser, compiler=True)


def run(args: argparse.Namespace) -> int:
    """Print the whole story, in the order in which a compile meets it."""
    from distcc_build.inputs import read_inputs
    from distcc_build.launch import assess
    from distcc_build.paths import plan_paths

    environ = environment(args)
    inputs = read_inputs(environ)
    plan_path = plan_paths([args.compiler], environ)[0]
    print(f"hosts list    {inputs.hosts_source}: {str(inputs.hosts) or '(empty)'}")
    with waiting("looking for the servers"):
        situation = assess(inputs, plan_path.parent, environ, args.compiler)
    for warning in situation.inputs.warnings:
        print(f"warning       {warning}")
    if inputs.off:
        print("switch        DISTCC_BUILD is off: every compile runs here, as if we were not there")
        return 0
    if situation.inputs.farm:
        print(f"farm          {situation.inputs.farm}, which is that of {args.compiler}")
    _farm(situation)
    _proofs(situation, args.compiler)
    print(f"DISTCC_HOSTS  {situation.hosts(args.compiler)}")
    if "--randomize" in str(inputs.hosts).split():
        print(
            "order         --randomize shuffles the list for each compile: our order has no effect"
        )
    print(f"jobs          {situation.jobs(args.compiler)}")
    _plan(args.compiler, plan_path)
    return 0


def _farm(situation: "Situation") -> None:
    farm = situation.farm
    if farm is None:
        print("discovery     not asked for: the list has no word for it")
        return
    age, left = time.time() - farm.made, farm.until - time.time()
    state = f"fresh for {left:.0f} s more" if left > 0 else "stale"
    print(f"discovery     {age:.0f} s ago, {farm.queries} queries in {farm.seconds:.3f} s, {state}")
    by_name = {server.name: server for server in farm.servers}
    for line in farm.lines:
        server = by_name.get(line.name)
        verdict = line.verdict
        if server is not None:
            verdict = f"{server.state.value}: {server.why}" if server.why else server.state.value
        print(f"  {line.name}  {line.came_back}  -> {verdict}")
    print(f"stopped       {farm.why}")
    if farm.degraded:
        print("degraded      some names could not be asked; tried again within a minute")


def _proofs(situation: "Situation", word: str) -> None:
    farm = situation.farm
    if farm is None:
        return
    if not situation.inputs.config.probe:
        print("probe         off: every server counts, whatever it has installed")
        return
    for compiler in situation.compilers([word]):
        print(f"compiler      {compiler.path}, which distcc sends as {compiler.name}")
        if compiler.key in farm.reasons:
            print(f"  it cannot be compared: {farm.reasons[compiler.key]}")
        for server in farm.used:
            verdict = farm.proofs.get(compiler.key, {}).get(server.endpoint)
            said = verdict.sentence if verdict else "not probed"
            print(f"  {server.name}  {server.endpoint}  -> {said}")


def _plan(word: str, path: "Path") -> None:
    from distcc_build.held import State, look_at

    held = look_at(path, time.time())
    plan = held.plan
    if held.state is State.NONE:
        print(f"plan          none yet for {word}; the next compile makes one")
    if held.state is State.UNREADABLE:
        print(f"plan          {path}: {held.why}; the next compile makes another")
    if plan is None:
        return
    print(f"plan          {path}, {time.time() - plan.made:.0f} s old, {held.said}")
    print(f"  {word} becomes {plan.program_kind} {plan.program}")
    for name, value in [*plan.env.items(), *plan.defaults.items()]:
        kept = " (unless set)" if name in plan.defaults else ""
        print(f"  {name}={value}{kept}")
    for note in plan.notes:
        print(f"  says: {note.text}")
