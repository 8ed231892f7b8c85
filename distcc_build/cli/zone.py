"""distcc-build zone: the DNS records that make a farm of a list of servers."""

import argparse

from distcc_build import values
from distcc_build.cli.common import add_options, environment, reader, warn
from distcc_build.errors import UsageError

HELP = "print the DNS records for a list of servers, as a name server takes them"
EXAMPLE = "distcc-build zone --domain build.example.com 10.1.0.11/16 10.1.0.12/8"

FORMATS = ("bind", "dnsmasq", "unbound", "route53")

# Seconds.  A week is more than clients believe (ttl_max), and less than anybody regrets.
LONGEST_TTL = 604_800


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser)
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="bind",
        help="lines of a zone file (the default), of dnsmasq.conf or unbound.conf, "
        "or a change batch for Route 53",
    )
    parser.add_argument(
        "--domain",
        type=reader(values.domain),
        metavar="DOMAIN",
        help="domain of the names (default: the option domain)",
    )
    parser.add_argument(
        "--pattern",
        type=reader(values.pattern),
        metavar="NAME",
        help="names of the servers, with %%d for the number (default: the option pattern)",
    )
    parser.add_argument(
        "--ttl",
        type=reader(values.whole(1, LONGEST_TTL)),
        default=300,
        metavar="SECONDS",
        help="how long an answer may be remembered (default: 300)",
    )
    parser.add_argument(
        "--slots",
        type=reader(values.whole(1, 1000)),
        metavar="N",
        help="jobs at once that each server grants one client, where it does not say its own",
    )
    parser.add_argument(
        "--first",
        type=reader(values.whole(1, 10_000)),
        default=1,
        metavar="N",
        help="number of the first server: to add some to those there are (default: 1)",
    )
    parser.add_argument(
        "--whole",
        action="store_true",
        help="the domain has nothing else in it: with SOA and NS for bind, "
        "and no other name server is asked for its names by dnsmasq and unbound",
    )
    parser.add_argument(
        "--ns",
        action="append",
        default=[],
        type=reader(values.domain),
        metavar="NAME",
        help="name server of the whole zone, for bind; several times for several",
    )
    parser.add_argument(
        "--serial",
        type=reader(values.whole(1, 999_999_999)),
        metavar="N",
        help="serial number of the whole zone (default: the minutes since 1970)",
    )
    parser.add_argument(
        "--dns-sd",
        action="store_true",
        help="list the servers as services too, with the option port, for --discover-dns-sd",
    )
    parser.add_argument(
        "servers",
        nargs="*",
        metavar="SERVER",
        help="ADDRESS[,ADDRESS][/SLOTS]: its IPv4 address, its IPv6 address or both, and how many "
        "jobs at once it grants one client",
    )


def run(args: argparse.Namespace) -> int:
    """Print the records; what would keep clients from a server is said on stderr."""
    import time

    from distcc_build.inputs import read_inputs
    from distcc_build.zonedoubts import doubts
    from distcc_build.zonefile import FORMATS as WRITERS
    from distcc_build.zonefile import Zone, parse_listed

    # argparse would complain of that before it tells of an option that it does not know.
    if not args.servers:
        raise UsageError(f"zone: expected servers, as in: {EXAMPLE}")
    inputs = read_inputs(environment(args))
    config = inputs.config
    servers = [parse_listed(one) for one in args.servers]
    domain = args.domain or next(iter(config.domain), "")
    if not domain:
        raise UsageError("zone: expected --domain, such as --domain build.example.com")
    if args.ns and not args.whole:
        raise UsageError("zone: --ns is for --whole: other zones have their name servers")
    zone = Zone(
        tuple(one._replace(slots=one.slots or args.slots) for one in servers),
        domain,
        args.pattern or config.pattern,
        args.first,
        args.ttl,
        whole=args.whole,
        nameservers=tuple(args.ns),
        # It only has to grow; seconds are more than the option takes.
        serial=args.serial or int(time.time()) // 60,
        services=args.dns_sd,
        port=config.port,
    )
    text = WRITERS[args.format](zone)
    warn(doubts(zone, config, args.format))
    print(text)
    return 0
