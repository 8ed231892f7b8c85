"""distcc-build explain: name by name what was asked, what came back, and what follows from it."""

import argparse
import time
from typing import TYPE_CHECKING

from distcc_build.cli.common import add_options, environment, printable
from distcc_build.cli.progress import waiting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from distcc_build.farmfile import Farm
    from distcc_build.hosts import HostsList
    from distcc_build.launch import Situation
    from distcc_build.offer import Line
    from distcc_build.policy import Server

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
    _listed(inputs.hosts)
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


def _listed(hosts: "HostsList") -> None:
    """The hosts that the list itself names: they are passed on, and asked nothing."""
    for one in hosts.hosts:
        how = {"ssh": "by ssh, ", "tcp": "", "local": "this machine, "}[one.kind.value]
        if any(option.startswith("auth") for option in one.options):
            how = "with authentication, "
        said = f"{how}{one.slots} at once; passed on, not judged" if one.usable else "marked down"
        print(f"  {one}  -> {said}")


def _farm(situation: "Situation") -> None:
    farm = situation.farm
    if farm is None:
        print("discovery     not asked for: the list has no word for it")
        return
    age, left = time.time() - farm.made, farm.until - time.time()
    state = f"fresh for {left:.0f} s more" if left > 0 else "stale"
    print(f"discovery     {age:.0f} s ago, {farm.queries} queries in {farm.seconds:.3f} s, {state}")
    accounts = {one.source: one for one in farm.accounts}
    sources = situation.inputs.config.sources
    for word in sources:
        account = accounts.get(word)
        if account is not None:
            asked = f"{account.queries} queries in " if account.queries else ""
            print(f"source        {printable(word)}, {asked}{account.seconds:.3f} s")
        elif len(sources) > 1:
            print(f"source        {printable(word)}")
        _source(situation, farm, word, account.lines if account else farm.lines)
        if account is not None and account.degraded:
            # What it says now was seen at this look.
            kept = any(one.source == word and one.seen < farm.made for one in farm.servers)
            more = ": what it gave before stays in use" if kept else ""
            print(f"  not asked, or not for all{more}")
    print(f"stopped       {printable(farm.why)}")
    if farm.degraded:
        print("degraded      not all could be asked; tried again within a minute")


def _source(situation: "Situation", farm: "Farm", word: str, lines: "Sequence[Line]") -> None:
    """Print what one source said, and what becomes of its servers."""
    servers = [one for one in farm.servers if one.source == word]
    for line in lines:
        named = line.offer or line.name
        server = next((one for one in servers if one.name == named), None)
        verdict = line.verdict
        if server is not None:
            # Several services of one host come in the order of their servers.
            servers.remove(server)
            verdict = _verdict(situation, server)
        print(f"  {printable(f'{line.name}  {line.came_back}  -> {verdict}')}")
    for server in servers:
        verdict = _verdict(situation, server)
        print(f"  {printable(f'{server.name}  {server.endpoint}  -> {verdict}')}")


def _verdict(situation: "Situation", server: "Server") -> str:
    from distcc_build.hosts import Hostspec

    inputs = situation.inputs
    if not server.why:
        spec = Hostspec.server(server.address, server.port or inputs.config.port, limit=1)
        listed = next((one for one in inputs.hosts.hosts if one.place == spec.place), None)
        if listed and not listed.usable:
            return "left to the hosts list, which marks it down"
        if listed:
            return "left to the hosts list, which names it with a limit and options of its own"
    return f"{server.state.value}: {server.why}" if server.why else server.state.value


def _proofs(situation: "Situation", word: str) -> None:
    farm = situation.farm
    if farm is None:
        return
    held = _held_back(situation, word)
    if not situation.inputs.config.probe:
        print("probe         off: every server counts, whatever it has installed")
        for server in farm.used:
            if why := held.get((server.source, server.endpoint)):
                print(f"  {server.name}  {server.endpoint}  -> {why}")
        return
    for compiler in situation.compilers([word]):
        print(f"compiler      {compiler.path}, which distcc sends as {compiler.name}")
        if compiler.key in farm.reasons:
            print(f"  it cannot be compared: {farm.reasons[compiler.key]}")
        for server in farm.used:
            verdict = farm.proofs.get(compiler.key, {}).get(server.endpoint)
            said = verdict.sentence if verdict else "not probed"
            if why := held.get((server.source, server.endpoint)):
                said += f"; {why}"
            print(f"  {server.name}  {server.endpoint}  -> {said}")


def _held_back(situation: "Situation", word: str) -> dict[tuple[str, str], str]:
    """Why each good server that is a backup now is not used: by its source and endpoint."""
    from distcc_build.choice import held_back

    good = [one.server for one in situation.good([word])]
    return {
        (server.source, server.endpoint): f"held back: {why}"
        for server, why in zip(good, held_back(good), strict=True)
        if why
    }


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
