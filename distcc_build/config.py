"""Configuration: one frozen value, from texts and an environment that others read.

Precedence, lowest first: the defaults below, /etc/distcc-build/config.toml, the user's
config.toml, DISTCC_BUILD_<OPTION>.  Nothing is read from the project being built: a cloned
repository must not be able to choose where its code is compiled.
"""

import difflib
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeAlias

from distcc_build.errors import ConfigError
from distcc_build.hostspec import DEFAULT_PORT, IPAddress, parse_address

__all__ = ["NUMBER_LENGTH", "PREFIX", "Config", "is_domain", "parse_config", "switched_off"]

PREFIX = "DISTCC_BUILD_"
"""An option's variable is this and its name in capitals."""

NOT_OPTIONS = {"VERBOSE", "HOSTS"}
"""With the prefix, but no options: the launcher's own, and one between our processes."""

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?")

MAX_DOMAIN = 240
"""Characters of a domain: a whole name has 253 at most (RFC 1035 section 2.3.4)."""

NUMBER_LENGTH = 12
"""Characters in place of %d at most: the random name has as many."""


def is_domain(text: str) -> bool:
    """Whether names can be looked for in this domain: letters, digits, "-" and "_" only."""
    return len(text) <= MAX_DOMAIN and _DOMAIN.fullmatch(text) is not None


def _switch(text: str) -> bool:
    value = {"1": True, "on": True, "true": True, "yes": True}.get(text.lower())
    if value is None and text.lower() not in {"0", "off", "false", "no"}:
        raise ValueError("on or off")
    return bool(value)


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def _seconds(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text) or not low <= float(text) <= high:
            raise ValueError(f"seconds from {low:g} to {high:g}")
        return float(text)

    return parse


def _pattern(text: str) -> str:
    whole = text.replace("%d", "1" * NUMBER_LENGTH)
    if text.count("%") != 1 or "%d" not in text or not is_domain(whole):
        raise ValueError('a host name with one "%d" for the number, such as distcc%d')
    return text.rstrip(".")


def _domain(text: str) -> str:
    if not is_domain(text):
        raise ValueError("a domain name, such as build.example.com")
    return text.rstrip(".").lower()


def _nameservers(text: str) -> tuple[tuple[str, int], ...]:
    return tuple(_nameserver(part) for part in _parts(text))


def _nameserver(text: str) -> tuple[str, int]:
    bracket = re.fullmatch(r"\[(.+)\](?::([0-9]{1,5}))?", text)
    plain = re.fullmatch(r"([0-9.]+)(?::([0-9]{1,5}))?", text)
    found = bracket or plain
    try:
        address, port = (found[1], int(found[2] or 53)) if found else (text, 53)
        known = str(parse_address(address))
    except ValueError:
        port = 0
    if not 0 < port < 65536:
        raise ValueError("addresses, each ADDRESS[:PORT] or [IPV6][:PORT]")
    return known, port


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part) for part in _parts(text))
    except ValueError:
        raise ValueError("networks, such as 10.0.0.0/8 (no bits set behind the prefix)") from None


def _choice(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in allowed:
            raise ValueError(", ".join(allowed[:-1]) + f" or {allowed[-1]}")
        return text.lower()

    return parse


def _directory(text: str) -> str:
    if not text.startswith("/") or "\0" in text:
        raise ValueError("an absolute path")
    return text


def _parts(text: str) -> Iterable[str]:
    return (part for part in re.split(r"[,\s]+", text) if part)


def _option(default: object, parse: Callable[[str], object]) -> Any:
    return field(default=default, metadata={"parse": parse})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every option.  Durations are in seconds."""

    pattern: str = _option("distcc%d", _pattern)
    """Names of the servers; %d is the number, from 1 on."""
    domain: str | None = _option(None, _domain)
    """Domain of the servers; None takes the resolver's search list."""
    nameservers: tuple[tuple[str, int], ...] = _option((), _nameservers)
    """Name servers to ask, address and port; empty takes those of resolv.conf."""
    resolver: str = _option("dns", _choice("dns", "system"))
    """dns asks name servers; system asks getaddrinfo (NSS, /etc/hosts), which knows no TTL."""
    gap: int = _option(0, _whole(0, 1000))
    """Missing names in a row that do not end the walk."""
    ipv4_network: int = _option(16, _whole(0, 32))
    """Prefix length in which all servers share distcc1's IPv4 network; 0 is off."""
    ipv6_network: int = _option(48, _whole(0, 128))
    """Prefix length in which all servers share distcc1's IPv6 network; 0 is off."""
    allow: tuple[Network, ...] = _option((), _networks)
    """Networks whose servers are used although they are not private."""
    allow_loopback: bool = _option(False, _switch)
    """Use servers on loopback addresses (a farm on this machine)."""
    max_servers: int = _option(1024, _whole(1, 10_000))
    """The highest number that is asked for."""
    max_jobs: int = _option(1000, _whole(1, 100_000))
    """The most jobs that a build is told to run."""
    port: int = _option(DEFAULT_PORT, _whole(1, 65535))
    """TCP port of the servers."""
    limit: int = _option(4, _whole(1, 1000))
    """Jobs at once for a server that does not say its own."""
    compression: str = _option("none", _choice("none", "lzo"))
    """lzo compresses what is sent: for slow networks."""
    cache_dir: str | None = _option(None, _directory)
    """Where results are kept; None is the user's cache directory."""
    ttl_min: float = _option(60.0, _seconds(1, 86_400))
    """A result is fresh for at least this, and only for this when anything failed."""
    ttl_max: float = _option(300.0, _seconds(1, 86_400))
    """A result is fresh for at most this."""
    stale: float = _option(600.0, _seconds(0, 86_400))
    """How long a result is still used, while it is refreshed, after it was fresh."""
    walk_budget: float = _option(0.8, _seconds(0.05, 60))
    """The longest silence of the name servers that is waited for."""
    deadline: float = _option(3.0, _seconds(0.1, 600))
    """The longest that a compile waits for discovery."""
    probe: bool = _option(True, _switch)
    """Test the servers before they are used."""
    match: str = _option("exact", _choice("exact", "version", "off"))
    """What a server must have in common with this machine: the object that its compiler gives;
    the compiler's version and target; or nothing but that a compile works."""
    stats: bool = _option(False, _switch)
    """Ask servers for their number of jobs on distccd's stats page."""
    stats_port: int = _option(3633, _whole(1, 65535))
    """TCP port of that page (distccd --stats-port)."""

    @property
    def networks(self) -> dict[int, int]:
        """Prefix length by IP version; 0 is off."""
        return {4: self.ipv4_network, 6: self.ipv6_network}

    def allows(self, address: IPAddress) -> bool:
        """Whether the user has allowed the network of `address` by name."""
        return any(address in network for network in self.allow)


_OPTIONS = {one.name: one for one in fields(Config)}


def switched_off(environ: Mapping[str, str]) -> bool:
    """Whether DISTCC_BUILD says that nothing of ours is to be used (the launcher's rule)."""
    return environ.get("DISTCC_BUILD", "").lower() in {"off", "0", "no", "false"}


def parse_config(
    files: Iterable[tuple[str, str]], environ: Mapping[str, str]
) -> tuple[Config, tuple[str, ...]]:
    """The configuration, and a sentence for each variable that was ignored.

    :param files: name and content of each configuration file, lowest precedence first.
    :param environ: the environment; variables with other names than ours do not matter.
    :raises ConfigError: when a file cannot be used: a setting such as `domain` or `allow`
        that was meant and not understood must not send code elsewhere.
    """
    config = Config()
    for name, text in files:
        config = replace(config, **_file(name, text))
    warnings = []
    for variable in sorted(environ):
        option = variable.removeprefix(PREFIX).lower()
        if not variable.startswith(PREFIX) or variable.removeprefix(PREFIX) in NOT_OPTIONS:
            continue
        try:
            config = replace(config, **{option: _value(option, variable, environ[variable])})
        except ConfigError as error:
            warnings.append(f"{error}; it is ignored")
    if config.ttl_min > config.ttl_max:
        high = f"{config.ttl_max:g}"
        warnings.append(f"ttl_min {config.ttl_min:g} is above ttl_max {high}; both are now {high}")
        config = replace(config, ttl_min=config.ttl_max)
    return config, tuple(warnings)


def _file(name: str, text: str) -> dict[str, Any]:
    # Most users have no file, and reading TOML costs them 18 ms.
    import tomllib

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: expected TOML: {error}") from None
    if "cache_dir" in table:
        # The launcher has to find the cache before there is any configuration.
        msg = f"option 'cache_dir' in {name}: expected in the environment, as {PREFIX}CACHE_DIR"
        raise ConfigError(msg)
    return {
        key: _value(key, f"option {key!r} in {name}", _text(value)) for key, value in table.items()
    }


def _text(value: object) -> str:
    """A value of a file as it would stand in the environment: there is one reading of both."""
    if isinstance(value, list):
        return ",".join(_text(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(option: str, source: str, text: str) -> Any:
    if option not in _OPTIONS:
        near = difflib.get_close_matches(option, _OPTIONS, n=1)
        upper = source.startswith(PREFIX)
        hint = f" (did you mean {PREFIX + near[0].upper() if upper else near[0]}?)" if near else ""
        shown = source if source.isprintable() else ascii(source)
        raise ConfigError(f"unknown {'variable ' if upper else ''}{shown}{hint}")
    try:
        return _OPTIONS[option].metadata["parse"](text.strip())
    except ValueError as expected:
        raise ConfigError(f"{source} is {text!a}, expected {expected}") from None
