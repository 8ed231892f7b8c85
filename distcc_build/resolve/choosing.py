"""Which resolver looks names up: by the configuration, and by what it forbids."""

from typing import TYPE_CHECKING

from distcc_build.config import Config
from distcc_build.loop import Loop
from distcc_build.resolve.resolvconf import ResolvConf

if TYPE_CHECKING:
    from distcc_build.resolve.dnssec import Unasked
    from distcc_build.resolve.resolver import DnsResolver
    from distcc_build.resolve.system import SystemResolver

__all__ = ["resolver_for"]


def resolver_for(
    loop: Loop, config: Config, conf: ResolvConf
) -> "DnsResolver | SystemResolver | Unasked":
    """What looks names up, as the configuration asks for it.

    :param conf: which name servers to ask.
    """
    if config.require_dnssec:
        return _validated(loop, config, conf)
    if config.resolver == "system":
        from distcc_build.resolve.system import SystemResolver

        return SystemResolver(loop, config.walk_budget)
    from distcc_build.resolve.resolver import DnsResolver

    return DnsResolver(loop, conf.nameservers, config.walk_budget)


def _validated(loop: Loop, config: Config, conf: ResolvConf) -> "DnsResolver | Unasked":
    from distcc_build.resolve.dnssec import NO_VALIDATOR, SYSTEM, Unasked, on_this_machine

    servers = on_this_machine(conf.nameservers)
    if config.resolver == "system" or not servers:
        return Unasked(loop, SYSTEM if config.resolver == "system" else NO_VALIDATOR)
    from distcc_build.resolve.resolver import DnsResolver

    return DnsResolver(loop, servers, config.walk_budget, validated=True)
