"""From what the sources gave to a farm: which servers are used, how long that holds."""

from collections.abc import Callable, Mapping, Sequence

from distcc_build.config import Config
from distcc_build.farmfile import REMEMBERED, Farm
from distcc_build.hostspec import DISCOVER, ZEROCONF, IPAddress
from distcc_build.offer import Account, Gave, Offer
from distcc_build.policy import Server, State, judge
from distcc_build.sources.numbered import Numbered, Walked
from distcc_build.verdict import Cause, Verdict

__all__ = ["LATER", "limited", "moved", "outcome", "proved", "silent"]

LATER = 0.1
"""Part of a farm's time that is added by chance: behind one caching resolver every client's TTLs
end in the same second."""


LINK_STALE = 60.0
"""Seconds for which servers that were heard on a link are used after they were fresh, at most: a
launcher sees that this machine is on another link only where that changes resolv.conf too."""


def outcome(
    walked: Walked | None,
    gave: Sequence[Gave],
    config: Config,
    *,
    old: Farm | None,
    own: Callable[[IPAddress], bool],
    now: float,
    chance: float = 0.0,
) -> Farm:
    """Make of one look at all sources what is kept of it.

    :param walked: what the walk of numbered names came to; None where it is not asked for.
    :param gave: what the other sources gave.
    :param old: what was known before, in the same surroundings.
    :param own: whether an address is this machine's.
    :param now: seconds since 1970.
    :param chance: from 0 to 1; this client's own, so that not all refresh at once.
    :returns: the farm, its surroundings left empty.
    """
    numbered = Numbered(walked, old, now) if walked else None
    offers = {
        one.account.source: [*_limited(one, old, config), *_kept(one, old, now, config)]
        for one in gave
    }
    if numbered:
        offers[DISCOVER] = numbered.offers()
    servers = judge([(one, offers.get(one, ())) for one in config.sources], config, own)
    good = any(server.state in {State.USED, State.OWN} for server in servers)
    accounts = tuple(one.account for one in gave)
    degraded = any(one.degraded for one in accounts) or bool(walked and walked.result.degraded)
    until = now + config.ttl_min
    if good and not degraded:
        # Every answer that the result rests on counts, the one that ended the walk too.
        expiries = [one.expires for one in gave] + (numbered.expiries() if numbered else [])
        until = min(max(until, min(expiries, default=0.0)), now + config.ttl_max)
        until += chance * LATER * (until - now)
    # Whole, as in a plan: else the plan would turn stale before the farm does.
    until = float(int(until))
    heard = any(one.source == ZEROCONF for one in servers)
    longest = min(config.stale, LINK_STALE) if heard else config.stale
    farm = Farm(
        made=now,
        until=until,
        # Nothing found is safe to go on with for long: it only means compiling locally.
        stale=until + (longest if good else REMEMBERED),
        surroundings="",
        servers=servers,
        why=_why(config.sources, walked, accounts),
        degraded=degraded,
        accounts=accounts,
        compilers=old.compilers if old else (),
    )
    return numbered.put_into(farm) if numbered else farm


def _limited(gave: Gave, old: Farm | None, config: Config) -> list[Offer]:
    """What a source names, with the limits of before where it could not be asked for any."""
    known = {
        (one.source, one.name, one.port or config.port): one.limit
        for one in (old.servers if old else ())
    }
    source = gave.account.source
    return [
        one
        if one.limit_known
        else one._replace(limit=known.get((source, one.name, one.port or config.port)))
        for one in gave.offers
    ]


def _kept(gave: Gave, old: Farm | None, now: float, config: Config) -> list[Offer]:
    """What a source named before, and cannot be asked for now."""
    source = gave.account.source
    # Several services of one host are told apart by their ports.
    named = {(one.name, one.port or config.port) for one in gave.offers}
    lines = {
        line.offer: line.name
        for account in (old.accounts if old else ())
        if account.source == source
        for line in account.lines
    }
    return [
        Offer(
            *(one.name, (one.address, *one.others), one.seen),
            port=one.port,
            limit=one.limit,
            priority=one.priority,
            weight=one.weight,
        )
        for one in (old.servers if old else ())
        if one.source == source
        and (one.name, one.port or config.port) not in named
        and (gave.still is None or {one.name, lines.get(one.name)} & set(gave.still))
        and 0 <= now - one.seen < gave.keep
    ]


def _why(sources: Sequence[str], walked: Walked | None, accounts: Sequence[Account]) -> str:
    """Why there are no more servers; each source by its word where there are several."""
    said = {one.source: one.why for one in accounts}
    if walked:
        said[DISCOVER] = walked.result.why
    told = [(one, said[one]) for one in sources if said.get(one)]
    if len(sources) == 1:
        return "".join(why for _, why in told)
    return "; ".join(f"{source}: {why}" for source, why in told)


TRANSIENT = {
    Cause.REFUSED,
    Cause.UNREACHABLE,
    Cause.DENIED,
    Cause.SILENT,
    Cause.NOT_DISTCCD,
    Cause.FAILED,
}
"""What may be over in a minute.  Compilers are installed less often."""


def proved(
    farm: Farm,
    proofs: Mapping[str, Mapping[str, Verdict]],
    reasons: Mapping[str, str],
    config: Config,
    *,
    trouble: bool,
    hurried: bool,
    now: float,
) -> Farm:
    """Put into a farm what its servers are worth.

    :param proofs: by key of the compiler, then by the server's endpoint.
    :param reasons: by key of a compiler, why it could not be compared.
    :param trouble: a compile has failed at a server since the last look, or this machine was
        too busy to have its own part of a proof ready.
    :param hurried: somebody was waiting, so that a server that said nothing may just be slow.
    :param now: seconds since 1970.
    :returns: the farm, fresh for the shortest time when a server is out.
    """
    out = any(one.cause in TRANSIENT for found in proofs.values() for one in found.values())
    if out or trouble:
        farm = farm.fresh_until(now + config.ttl_min)
    if hurried and any(
        one.cause is Cause.SILENT for found in proofs.values() for one in found.values()
    ):
        # The next compile starts a refresh for which nobody waits.
        farm = farm.fresh_until(now + 1)
    return farm._replace(
        proofs={**farm.proofs, **proofs},
        reasons={**farm.reasons, **reasons},
    )


def silent(farm: Farm) -> list[Server]:
    """The servers that have said nothing to a probe; they, or the way to them, may just be slow."""
    quiet = {
        endpoint
        for found in farm.proofs.values()
        for endpoint, one in found.items()
        if one.cause in {Cause.SILENT, Cause.UNREACHABLE}
    }
    return [one for one in farm.used if one.endpoint in quiet]


def moved(farm: Farm, places: Mapping[str, IPAddress]) -> Farm:
    """The farm with its servers at addresses where they answer.

    Proofs at an address that is left are gone with it: another may be another machine's.

    :param places: by the endpoint that a server has in the farm, its other address.
    """
    servers: list[Server] = []
    first = {one.endpoint: one.name for one in farm.used if one.endpoint not in places}
    for one in farm.servers:
        if one.state is State.USED and one.endpoint in places:
            one = one.at(places[one.endpoint])  # noqa: PLW2901
            name = first.setdefault(one.endpoint, one.name)
            if name != one.name:
                why = f"has the address of {name}"
                one = one._replace(state=State.DUPLICATE, why=why, others=())  # noqa: PLW2901
        servers.append(one)
    proofs = {
        key: {endpoint: verdict for endpoint, verdict in found.items() if endpoint not in places}
        for key, found in farm.proofs.items()
    }
    return farm._replace(servers=tuple(servers), proofs=proofs)


def limited(farm: Farm, limits: Mapping[str, int]) -> Farm:
    """The farm with what its servers say of the jobs at once that they take.

    :param limits: by address; only for servers whose name does not tell.
    """
    servers = (
        one._replace(limit=one.limit or limits.get(str(one.address))) for one in farm.servers
    )
    return farm._replace(servers=tuple(servers))
