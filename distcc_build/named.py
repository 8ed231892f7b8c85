"""Hosts that a command line names: what each word stands for, and what is said of it.

Asks nothing itself.  What the user names is the user's own, so no address is refused; it has to
be a host that can be asked over TCP.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from distcc_build.choice import OPTIONS
from distcc_build.config import Config
from distcc_build.errors import HostsError
from distcc_build.health import GOOD, OWN, Row, judged
from distcc_build.hosts import parse_token
from distcc_build.hostspec import Hostspec, IPAddress, Kind, misread
from distcc_build.policy import Server, State
from distcc_build.verdict import Cause, Verdict

__all__ = ["Learned", "Named", "read_named", "rows_of_named", "servers_of"]

NO_CONNECTION = {Cause.REFUSED, Cause.UNREACHABLE, Cause.SILENT}
"""What another address of the same host may be better than."""

NO_HOST, NOT_PROBED = "no host", "not probed"


class Named(NamedTuple):
    """One host as it was named."""

    text: str
    """As typed, printable."""
    spec: Hostspec | None = None
    """None for what is no host."""
    state: str = ""
    """Why it is not asked, as the state of its row; empty for one that is."""
    why: str = ""

    @property
    def compression(self) -> str:
        """What it has to speak for its own options, as the option of that name."""
        options = self.spec.options if self.spec else ()
        return "pump" if "cpp" in options else "lzo" if "lzo" in options else "none"


class Learned(NamedTuple):
    """What was learned of all of them."""

    answers: Mapping[str, tuple[IPAddress, ...] | str] = {}
    """By name: its addresses, or why they are not known."""
    verdicts: Mapping[tuple[str, str], Mapping[str, Verdict]] = {}
    """By endpoint and compression, then by the compiler's word."""
    limits: Mapping[str, int] = {}
    """By address, the jobs at once that a server's own stats page names."""
    loads: Mapping[str, float] = {}
    """By address, the load average that the page names."""


def read_named(words: Iterable[str], config: Config) -> tuple[Named, ...]:
    """Read them in distcc's grammar; several may stand in one word, parted by blanks.

    :param config: its port and compression hold for a host that says none.
    """
    read = (_read(token) for word in words for token in word.split())
    return tuple(_as_configured(one, config) for one in read)


def _as_configured(one: Named, config: Config) -> Named:
    spec = one.spec
    if spec is None or one.state or spec.kind is not Kind.TCP:
        return one
    options = spec.options if {"lzo", "cpp"} & {*spec.options} else OPTIONS[config.compression]
    port = spec.port if spec.says_port else config.port
    return one._replace(spec=spec._replace(port=port, options=options))


def _read(token: str) -> Named:
    try:
        spec = parse_token(token)
    except HostsError as problem:
        quoted = ascii(token)
        why = str(problem).removeprefix("hosts list: ").removeprefix(f"{quoted}: ")
        if "%d" in token:
            why += f" (numbered names are walked without HOST: -o pattern={quoted[1:-1]})"
        return Named(quoted[1:-1], None, NO_HOST, why)
    if not isinstance(spec, Hostspec):
        return Named(token, None, NO_HOST, "it is a word of a hosts list, expected a host")
    if why := misread(spec.host):
        return Named(token, None, NO_HOST, why)
    if not spec.usable:
        return Named(token, spec, "marked down", "distcc passes it over; without ,down it is asked")
    if spec.kind is Kind.LOCAL:
        return Named(token, spec, OWN, "distcc runs the compiler here, without a server")
    if spec.kind is Kind.SSH:
        return Named(token, spec, NOT_PROBED, "distcc reaches it by ssh, not over TCP")
    if any(one.partition("=")[0] == "auth" for one in spec.options):
        why = "distcc proves who it is (,auth), which a probe over TCP cannot"
        return Named(token, spec, NOT_PROBED, why)
    return Named(token, spec)


def servers_of(one: Named, learned: Learned, config: Config) -> Iterator[Server]:
    """The servers to ask for a host: one for each of its addresses."""
    answer = learned.answers.get(one.spec.host, ()) if one.spec and not one.state else ()
    if one.spec is None or isinstance(answer, str):
        return
    # The configured port is written as none, as everywhere.
    port = None if one.spec.port == config.port else one.spec.port
    for address in answer:
        yield Server(0, one.spec.host, address, State.USED, limit=one.spec.limit, port=port)


def rows_of_named(named: Sequence[Named], learned: Learned, config: Config) -> list[Row]:
    """One row for each, in their order."""
    found: list[Row] = []
    first: dict[str, str] = {}
    for one in named:
        row = _row(one, learned, config)
        place = row.address or row.hostspec
        if place in first:
            why = f"is what {first[place]} is as well"
            state = State.DUPLICATE.value
            row = Row(0, row.name, row.address, state, why, source="", port=row.port)
        elif place:
            first[place] = one.text
        found.append(row)
    return found


def _row(one: Named, learned: Learned, config: Config) -> Row:
    if one.spec is None or one.state:
        # distcc reaches it in its own way, and it is the user's to name.
        spec = one.text if one.state in {OWN, NOT_PROBED} else ""
        return Row(0, one.text, "", one.state, one.why, source="", hostspec=spec)
    answer = learned.answers.get(one.spec.host, "it was not looked up")
    if isinstance(answer, str):
        why = f"{answer}: correct the name, or see that the name servers answer"
        return Row(0, one.spec.host, "", "not known", why, source="", port=one.spec.port)
    server = _best(list(servers_of(one, learned, config)), one, learned)
    verdicts = learned.verdicts.get((server.endpoint, one.compression), {})
    state, why = judged(verdicts)
    address = str(server.address)
    limit = one.spec.limit or learned.limits.get(address, config.limit)
    load = learned.loads.get(address)
    spec = ""
    if state == GOOD:
        # Its address was proved; its name may have others.
        spec = str(one.spec._replace(host=address, limit=limit, verbatim=""))
    return Row(
        *(0, one.spec.host, server.endpoint, state, why, verdicts, limit, load),
        source="",
        port=one.spec.port,
        hostspec=spec,
    )


def _best(servers: Sequence[Server], one: Named, learned: Learned) -> Server:
    """The first that is good for all compilers, else for some, else that answers at all."""

    def rank(server: Server) -> int:
        verdicts = learned.verdicts.get((server.endpoint, one.compression), {}).values()
        good = [verdict.good for verdict in verdicts]
        if any(good):
            return 0 if all(good) else 1
        return 3 if {verdict.cause for verdict in verdicts} <= NO_CONNECTION else 2

    return min(servers, key=rank)
