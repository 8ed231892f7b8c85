"""What servers say changes a farm: proofs, the addresses that answer, limits.  Pure."""

from collections.abc import Mapping

from distcc_build.config import Config
from distcc_build.farmfile import Farm
from distcc_build.hostspec import IPAddress
from distcc_build.policy import Server, State
from distcc_build.verdict import Cause, Verdict

__all__ = ["limited", "moved", "proved", "silent"]

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
