"""distcc-build hosts: what a compile is given as DISTCC_HOSTS."""

import argparse

from distcc_build.cli.common import (
    accounts,
    add_options,
    cache_directory,
    environment,
    keep_plans,
    print_json,
    warn,
)
from distcc_build.cli.progress import waiting

HELP = "print the hosts list that a compile is given"
EXAMPLE = 'DISTCC_HOSTS="$(distcc-build hosts)" distcc gcc -c hello.c'
STATUS = "1 if no server was discovered (with --all)"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser, compiler=True)
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--all",
        action="store_true",
        help="every discovered server, one a line: its address, with its port if that is another",
    )
    form.add_argument(
        "--json",
        action="store_true",
        help="everything that is known, as JSON (distcc-build schema)",
    )
    parser.add_argument("--refresh", action="store_true", help="ask for every name again first")


def run(args: argparse.Namespace) -> int:
    """Print the list in the form asked for."""
    from distcc_build.inputs import read_inputs
    from distcc_build.launch import assess

    environ = environment(args)
    inputs = read_inputs(environ)
    directory = cache_directory(environ, args.compiler)
    with waiting("looking for the servers"):
        situation = assess(
            inputs, directory, environ, args.compiler, force=args.refresh, content=not args.refresh
        )
    inputs = situation.inputs
    warn(inputs.warnings)
    if inputs.hosts.discover and not situation.compilers([args.compiler]):
        warn([f"{args.compiler!a}: no such compiler on PATH; the list is for compiling here"])
    keep_plans(args.compiler, situation, environ)
    farm = situation.farm
    servers = farm.servers if farm else ()
    if args.all:
        endpoints = [server.endpoint for server in servers if server.state.name != "REFUSED"]
        for endpoint in dict.fromkeys(endpoints):
            print(endpoint)
        if farm and not endpoints:
            warn([f"no servers: {farm.why}"])
        return 0 if endpoints else 1
    if not args.json:
        print(situation.hosts(args.compiler))
        return 0
    table = {
        "hosts": str(situation.hosts(args.compiler)),
        "jobs": situation.jobs(args.compiler),
        "source": inputs.hosts_source,
        "warnings": list(inputs.warnings),
        "discovered": farm is not None,
        "domain": farm.domain if farm else None,
        "degraded": farm.degraded if farm else False,
        "why": farm.why if farm else None,
        "made": farm.made if farm else None,
        "until": farm.until if farm else None,
        "servers": [
            {
                "number": one.number,
                "name": one.name,
                "address": str(one.address),
                "port": one.port or inputs.config.port,
                "source": one.source,
                "state": one.state.value,
                "why": one.why,
            }
            for one in servers
        ],
        "accounts": accounts(farm),
    }
    print_json(table)
    return 0
