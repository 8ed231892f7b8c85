"""Which resolver looks names up: by the configuration, and by what it forbids."""

from typing import TYPE_CHECKING

from distcc_build.config import Config
from distcc_build.loop import Loop
from distcc_build.resolve.dnssec import NO_VALIDATOR, SYSTEM, Unasked, on_this_machine
from distcc_build.resolve.resolvconf import ResolvConf

if TYPE_CHECKING:
    from distcc_build.resolve.resolver import DnsResolver
    from distcc_build.resolve.system import SystemResolver

__all__ = ["resolver_for"]


def resolver_for(
    loop: Loop, config: Config, conf: ResolvConf
) -> "DnsResolver | SystemResolver | Unasked":
    """What looks names up, as the configuration asks for it.

    :param conf: which name servers to ask.
    """
    if config.resolver == "system":
        from distcc_build.resolve.system import SystemResolver

        return (
            Unasked(loop, SYSTEM)
            if config.require_dnssec
            else SystemResolver(loop, config.walk_budget)
        )
    from distcc_build.resolve.resolver import DnsResolver

    if not config.require_dnssec:
        return DnsResolver(loop, conf.nameservers, config.walk_budget)
    servers = on_this_machine(conf.nameservers)
    if not servers:
        return Unasked(loop, NO_VALIDATOR)
    return DnsResolver(loop, servers, config.walk_budget, validated=True)
