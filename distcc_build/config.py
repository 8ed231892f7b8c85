"""Configuration: one frozen value, from texts and an environment that others read.

Precedence, lowest first: the defaults below, /etc/distcc-build/config.toml, the user's
config.toml, DISTCC_BUILD_<OPTION>.  Nothing is read from the project being built: a cloned
repository must not be able to choose where its code is compiled.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, NamedTuple

from distcc_build import values
from distcc_build.errors import ConfigError
from distcc_build.hostspec import DEFAULT_PORT, DISCOVER, IPAddress
from distcc_build.values import Network

__all__ = [
    "HARDENING",
    "PREFIX",
    "Config",
    "parse_config",
    "parse_options",
    "parse_toml",
    "switched_off",
    "unclear_switch",
    "with_environment",
]

PREFIX = "DISTCC_BUILD_"
"""An option's variable is this and its name in capitals."""

NOT_OPTIONS = {"VERBOSE", "RECORD", "HOSTS"}
"""With the prefix, but no options: two of the launcher's own, and one between our processes."""

HARDENING = {"only", "require_dnssec"}
"""Options that forbid something.  One that is not understood must not be dropped, wherever it
stands: nothing is used then."""


class Config(NamedTuple):
    """Every option.  Durations are in seconds."""

    pattern: Annotated[str, values.pattern] = "distcc%d"
    """Names of the servers; %d is the number, from 1 on."""
    domain: Annotated[tuple[str, ...], values.domains] = ()
    """Domains of the servers: those of the first in which there are any.  Empty takes the
    resolver's search list."""
    sources: Annotated[tuple[str, ...], values.sources] = (DISCOVER,)
    """Where servers are looked for if there is no hosts list to say so: words of such a list."""
    nameservers: Annotated[tuple[tuple[str, int], ...], values.nameservers] = ()
    """Name servers to ask, address and port; empty takes those of resolv.conf."""
    resolver: Annotated[str, values.choice("dns", "system")] = "dns"
    """dns asks name servers; system asks getaddrinfo (NSS, /etc/hosts), which knows no TTL."""
    gap: Annotated[int, values.whole(0, 1000)] = 0
    """Missing names in a row that do not end the walk."""
    ipv4_network: Annotated[int, values.whole(0, 32)] = 16
    """Prefix length in which all servers share distcc1's IPv4 network; 0 is off."""
    ipv6_network: Annotated[int, values.whole(0, 128)] = 48
    """Prefix length in which all servers share distcc1's IPv6 network; 0 is off."""
    allow: Annotated[tuple[Network, ...], values.networks] = ()
    """Networks whose servers are used although they are not private."""
    allow_loopback: Annotated[bool, values.switch] = False
    """Use servers on loopback addresses (a farm on this machine)."""
    only: Annotated[tuple[Network, ...], values.some_networks] = ()
    """No discovered server outside these networks is used, whatever else says that it may be.

    It only takes away: a public network needs `allow` as well.  It protects from every answer
    that leads out of these networks, and not from a machine inside them that is not yours, nor
    from hosts that the user's own hosts list names.  Empty forbids nothing."""
    require_dnssec: Annotated[bool, values.switch] = False
    """Believe no answer, that a name does not exist among them, unless a validating resolver on
    this machine says that DNSSEC proves it.

    It protects from forged and altered answers on the whole way from the zone to this machine,
    and not from who holds the zone's keys, answers in an unsigned zone (none is used), a
    resolver on a loopback address that does not validate itself, or false servers at true
    addresses: distcc's own connections have no proof of anything."""
    max_servers: Annotated[int, values.whole(1, 10_000)] = 1024
    """The highest number that is asked for."""
    max_jobs: Annotated[int, values.whole(1, 100_000)] = 1000
    """The most jobs that a build is told to run."""
    port: Annotated[int, values.whole(1, 65535)] = DEFAULT_PORT
    """TCP port of the servers."""
    limit: Annotated[int, values.whole(1, 1000)] = 4
    """Jobs at once for a server that does not say its own."""
    compression: Annotated[str, values.choice("none", "lzo", "pump")] = "none"
    """lzo compresses what is sent: for slow networks; pump, which `run --pump` sets, has servers
    preprocess as well."""
    cache_dir: Annotated[str | None, values.directory] = None
    """Where results are kept; None is the user's cache directory."""
    ttl_min: Annotated[float, values.seconds(1, 86_400)] = 60.0
    """A result is fresh for at least this, and only for this when anything failed."""
    ttl_max: Annotated[float, values.seconds(1, 86_400)] = 300.0
    """A result is fresh for at most this."""
    stale: Annotated[float, values.seconds(0, 86_400)] = 600.0
    """How long a result is still used, while it is refreshed, after it was fresh."""
    walk_budget: Annotated[float, values.seconds(0.05, 60)] = 0.8
    """The longest silence of the name servers that is waited for."""
    deadline: Annotated[float, values.seconds(0.1, 600)] = 3.0
    """The longest that a compile waits for discovery."""
    probe: Annotated[bool, values.switch] = True
    """Test the servers before they are used."""
    match: Annotated[str, values.choice("exact", "version", "off")] = "exact"
    """What a server must have in common with this machine: the object that its compiler gives;
    the compiler's version and target; or nothing but that a compile works."""
    stats: Annotated[bool, values.switch] = False
    """Ask servers for their number of jobs on distccd's stats page."""
    stats_port: Annotated[int, values.whole(1, 65535)] = 3633
    """TCP port of that page (distccd --stats-port)."""

    @property
    def networks(self) -> dict[int, int]:
        """Prefix length by IP version; 0 is off."""
        return {4: self.ipv4_network, 6: self.ipv6_network}

    def allows(self, address: IPAddress) -> bool:
        """Whether the user has allowed the network of `address` by name."""
        return any(address in network for network in self.allow)

    def forbids(self, address: IPAddress) -> bool:
        """Whether `only` leaves `address` out."""
        return bool(self.only) and not any(address in network for network in self.only)


_READERS: dict[str, Callable[[str], object]] = {
    name: one.__metadata__[0] for name, one in Config.__annotations__.items()
}


def switched_off(environ: Mapping[str, str]) -> bool:
    """Whether DISTCC_BUILD says that nothing of ours is to be used (the launcher's rule)."""
    return environ.get("DISTCC_BUILD", "").lower() in {"off", "0", "no", "false"}


def unclear_switch(environ: Mapping[str, str]) -> str:
    """What is wrong with DISTCC_BUILD, if anything (the launcher's rule and words)."""
    value = environ.get("DISTCC_BUILD", "")
    if switched_off(environ) or value.lower() in {"", "on", "1", "yes", "true"}:
        return ""
    return f"DISTCC_BUILD={value:.40}: expected on or off; it is not switched off"


def parse_config(
    files: Iterable[tuple[str, str]], environ: Mapping[str, str]
) -> tuple[Config, tuple[str, ...]]:
    """The configuration, and a sentence for each variable that was ignored.

    :param files: name and content of each configuration file, lowest precedence first.
    :param environ: the environment; variables with other names than ours do not matter.
    :raises ConfigError: when a file cannot be used: a setting such as `domain` or `allow`
        that was meant and not understood must not send code elsewhere; and when a variable
        is, or was to be, one of HARDENING and cannot be used.
    """
    return with_environment(_of_files(files), environ)


def _of_files(files: Iterable[tuple[str, str]]) -> Config:
    config = Config()
    for name, text in files:
        table = parse_toml(name, text)
        # Tables of farms (farms.py) are no options.
        table.pop("farm", None)
        config = config._replace(**parse_options(table, name, ("farm",)))
    return config


def with_environment(config: Config, environ: Mapping[str, str]) -> tuple[Config, tuple[str, ...]]:
    """The configuration of files with that of the environment, which goes before it.

    :returns: as `parse_config`.
    :raises ConfigError: when a variable is, or was to be, one of HARDENING and cannot be used.
    """
    warnings = []
    for variable in sorted(environ):
        option = variable.removeprefix(PREFIX).lower()
        if not variable.startswith(PREFIX) or variable.removeprefix(PREFIX) in NOT_OPTIONS:
            continue
        try:
            config = config._replace(**{option: _value(option, variable, environ[variable])})
        except ConfigError as error:
            if _nearest(option) in HARDENING:
                raise
            warnings.append(f"{error}; it is ignored")
    if config.ttl_min > config.ttl_max:
        high = f"{config.ttl_max:g}"
        warnings.append(f"ttl_min {config.ttl_min:g} is above ttl_max {high}; both are now {high}")
        config = config._replace(ttl_min=config.ttl_max)
    return config, tuple(warnings)


def parse_toml(name: str, text: str) -> dict[str, Any]:
    """The content of a configuration file.

    :raises ConfigError: when it is no TOML.
    """
    # Most users have no file, and reading TOML costs them 18 ms.
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        expected = 'expected TOML, such as domain = "example.com"'
        raise ConfigError(f"{name}: {expected}: {error}") from None


def parse_options(
    table: Mapping[str, Any], place: str, others: Iterable[str] = ()
) -> dict[str, Any]:
    """Options of a file or of a table in one, typed.

    :param place: where they stand, for people.
    :param others: what may stand there as well, and have been meant.
    :raises ConfigError: when one is unknown or cannot be used.
    """
    if "cache_dir" in table:
        # The launcher has to find the cache before there is any configuration.
        msg = f"option 'cache_dir' in {place}: expected in the environment, as {PREFIX}CACHE_DIR"
        raise ConfigError(msg)
    return {
        key: _value(key, f"option {key!r} in {place}", _text(value), others)
        for key, value in table.items()
    }


def _text(value: object) -> str:
    """A value of a file as it would stand in the environment: there is one reading of both."""
    if isinstance(value, list):
        return ",".join(_text(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(option: str, source: str, text: str, others: Iterable[str] = ()) -> Any:
    if option not in _READERS:
        near, upper = _nearest(option, others), source.startswith(PREFIX)
        hint = f" (did you mean {PREFIX + near.upper() if upper else near}?)" if near else ""
        shown = source if source.isprintable() else ascii(source)
        raise ConfigError(f"unknown {'variable ' if upper else ''}{shown}{hint}")
    try:
        return _READERS[option](text.strip())
    except ValueError as expected:
        raise ConfigError(f"{source} is {text!a}, expected {expected}") from None


def _nearest(option: str, others: Iterable[str] = ()) -> str:
    """The option that was probably meant; empty if it is none of ours."""
    import difflib

    return next(iter(difflib.get_close_matches(option, [*_READERS, *others], n=1)), "")
