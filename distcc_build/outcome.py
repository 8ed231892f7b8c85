"""From what the sources gave to a farm: which servers are used, how long that holds."""

from collections.abc import Callable, Sequence

from distcc_build.config import Config
from distcc_build.farmfile import REMEMBERED, Farm
from distcc_build.hostspec import DISCOVER, ZEROCONF, IPAddress
from distcc_build.offer import Account, Gave, Offer
from distcc_build.policy import State, judge
from distcc_build.sources.numbered import Numbered, Walked

__all__ = ["LATER", "LINK_STALE", "outcome"]

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
