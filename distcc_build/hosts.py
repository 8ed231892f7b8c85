"""The hosts list: distcc's grammar, strictly read, and written from validated parts.

One list is one text.  Tokens are parted by blanks, tabs, newlines, carriage returns and
form feeds; a "#" starts a comment, inside a token too, up to the end of the line
(distcc src/hosts.c, checked against distcc 3.4)::

    TCP    HOST[:PORT][/LIMIT][,OPTION...]  or  HOST[/LIMIT][:PORT][,OPTION...]
    SSH    [USER]@HOST[/LIMIT][:COMMAND][,OPTION...]
    local  localhost[/LIMIT]                  exactly this spelling; all others go by TCP
    HOST   a name, an IPv4 address, or for TCP an IPv6 address in brackets
    OPTION lzo | cpp | down | auth[=NAME]     cpp (pump mode) needs lzo
    WORD   --randomize  --localslots=N  --localslots_cpp=N  or one that asks for servers:
           --discover-distccN  --discover-dns-sd  +zeroconf  --discover-file=/PATH

What distcc would silently drop, hang on or misread is a problem here: one sentence that
names the token.  A problem never stops the reading of the others.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from distcc_build.errors import HostsError
from distcc_build.hostspec import (
    DEFAULT_PORT,
    DISCOVER,
    DISCOVER_FILE,
    DNS_SD,
    MAX_LIMIT,
    SOURCES,
    ZEROCONF,
    Hostspec,
    IPAddress,
    Kind,
    Word,
    is_source,
    parse_address,
)

__all__ = [
    "DEFAULT_PORT",
    "DISCOVER",
    "HostsList",
    "Hostspec",
    "IPAddress",
    "Kind",
    "Word",
    "parse_hosts",
    "parse_token",
    "tokens",
]

# Underscores are not host names (RFC 952), but people use them and resolvers take them.
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\.?")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_NUMBER = re.compile(r"[0-9]{1,9}")
_TOKEN = re.compile(r"[^ \t\n\r\f]+")
_COUNTED_FORMS = ("--localslots=N", "--localslots_cpp=N")
_COUNTED = re.compile(r"--(?:localslots|localslots_cpp)=(.*)", re.DOTALL)

ALIKE = 0.81
"""How alike a word is that was meant (difflib): --zeroconf is to +zeroconf."""

MAX_ALIKE = 40
"""Characters of a word that are compared."""


class HostsList(NamedTuple):
    """A hosts list as read: what can be used of it, in place, and what is wrong with it."""

    entries: tuple[Hostspec | Word, ...]
    problems: tuple[str, ...] = ()
    """One sentence for each token that was left out, naming it."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The words that ask for servers, in their order."""
        words = (entry for entry in self.entries if isinstance(entry, Word))
        return tuple(word.text for word in words if is_source(word.text))

    @property
    def discover(self) -> bool:
        """Whether the list asks for discovery."""
        return bool(self.sources)

    @property
    def hosts(self) -> tuple[Hostspec, ...]:
        """The hosts that the user listed, those marked down included."""
        return tuple(entry for entry in self.entries if isinstance(entry, Hostspec))

    def expand(self, servers: Iterable[Hostspec]) -> "HostsList":
        """The list with `servers` in the place of the first word that asks for discovery.

        A server that the user lists as well is left out: the user's own limit holds.
        """
        listed = {host.place for host in self.hosts}
        new = tuple(one for one in servers if one.place not in listed)
        end = len(self.entries)
        at = next((n for n, entry in enumerate(self.entries) if _asks(entry)), end)
        rest = (entry for entry in self.entries[at:] if not _asks(entry))
        return HostsList((*self.entries[:at], *new, *rest), self.problems)

    def __str__(self) -> str:
        """The text for DISTCC_HOSTS, on one line, without comments."""
        return " ".join(
            entry.text if isinstance(entry, Word) else str(entry) for entry in self.entries
        )


def parse_hosts(text: str) -> HostsList:
    """Read a hosts list.

    :param text: the value of DISTCC_HOSTS or the content of a hosts file.
    :returns: every usable entry in its place, and the problems of the others.
    """
    entries: list[Hostspec | Word] = []
    problems: list[str] = []
    for _, token in tokens(text):
        try:
            entry = parse_token(token)
        except HostsError as problem:
            said = str(problem)
            # Not in parse_token: lists of others are long, and no word of them counts.
            problems.append(said + (_meant(token) if ": unknown word, " in said else ""))
        else:
            if not _asks(entry) or entry not in entries:
                entries.append(entry)
    hosts = [entry for entry in entries if isinstance(entry, Hostspec)]
    asks = any(_asks(entry) for entry in entries)
    if hosts and not asks and not any(host.usable for host in hosts):
        # With nothing but such hosts distcc 3.4 waits for one for ever.
        problems.append(str(_problem(str(hosts[0]), "every host of the list is marked down")))
        entries = [entry for entry in entries if isinstance(entry, Word)]
    return HostsList(tuple(entries), tuple(problems))


def _asks(entry: Hostspec | Word) -> bool:
    return isinstance(entry, Word) and is_source(entry.text)


def tokens(text: str) -> Iterator[tuple[int, str]]:
    """The tokens of a list, each with the number of its line, from 1 on."""
    for number, line in enumerate(text.split("\n"), 1):
        for token in _TOKEN.findall(line.partition("#")[0]):
            yield number, token


def parse_token(token: str) -> Hostspec | Word:
    """Read one token of a hosts list.

    :raises HostsError: when distcc would drop, hang on or misread it; the text names the
        token and what was expected.
    """
    if not token.isascii() or not token.isprintable():
        raise _problem(token, "expected printable ASCII")
    if token.startswith(("-", "+")):
        return _word(token)
    base, *options = token.split(",")
    _check_options(token, options)
    if "@" in base:
        return _ssh(token, base, tuple(options))
    return _tcp(token, base, tuple(options))


def _word(token: str) -> Word:
    counted = _COUNTED.fullmatch(token)
    if counted:
        _count(token, counted[1], "slots")
    elif token.startswith(DISCOVER_FILE) and not is_source(token):
        raise _problem(token, "expected an absolute path")
    elif not is_source(token) and token != "--randomize":  # noqa: S105 - no password
        expected = f"--randomize, {', '.join(_COUNTED_FORMS)}, {SOURCES}"
        raise _problem(token, f"unknown word, expected {expected}")
    return Word(token)


def _meant(token: str) -> str:
    """A question for whoever wrote a word that is unknown: the most alike of those that are not."""
    # Few lists need it, and every look at the servers would import it.
    from difflib import get_close_matches

    forms = (DISCOVER, DNS_SD, ZEROCONF, f"{DISCOVER_FILE}/PATH", "--randomize", *_COUNTED_FORMS)
    known = {one.partition("=")[0]: one for one in forms}
    close = get_close_matches(token[:MAX_ALIKE].partition("=")[0], known, 1, ALIKE)
    return f"; did you mean {known[close[0]]}?" if close else ""


def _check_options(token: str, options: list[str]) -> None:
    for option in options:
        known = option in {"lzo", "cpp", "down", "auth"} or re.fullmatch(
            r"auth=[A-Za-z0-9._/-]+", option
        )
        if option.startswith("auth=") and "@" in option:
            # distcc looks for it in the whole token, and would run ssh with what is before it.
            raise _problem(token, 'with an "@" in option auth distcc takes the host for one of ssh')
        if not known:
            raise _problem(
                token, f"unknown option {_shown(option)}, expected lzo, cpp, down or auth"
            )
    if "cpp" in options and "lzo" not in options:
        raise _problem(token, "option cpp needs option lzo")


def _ssh(token: str, base: str, options: tuple[str, ...]) -> Hostspec:
    user, _, rest = base.partition("@")
    # A leading "-" would reach ssh as an option and can run commands on this machine.
    if user and not _USER.fullmatch(user):
        raise _problem(token, f"expected a user name before the @, got {_shown(user)}")
    if rest.startswith("["):
        # distcc ends the host at the first ":", and would run "ssh [ :1]".
        raise _problem(token, "an IPv6 address has no place behind an @; give the host a name")
    host, rest = _cut(rest, "/:")
    limit_text, _, command = rest.partition(":") if rest.startswith("/") else ("", "", rest[1:])
    limit = _count(token, limit_text[1:], "a limit") if limit_text else None
    _check_host(token, host, bracketed=False)
    return Hostspec(
        Kind.SSH, host, limit=limit, options=options, user=user, command=command, verbatim=token
    )


def _tcp(token: str, base: str, options: tuple[str, ...]) -> Hostspec:
    if base.startswith("["):
        host, closed, rest = base[1:].partition("]")
        if not closed:
            raise _problem(token, "expected a ] behind the IPv6 address")
    elif base.count(":") > 1:
        raise _problem(token, "an IPv6 address stands in brackets: [ADDRESS]")
    else:
        host, rest = _cut(base, "/:")
    port: int | None = None
    limit: int | None = None
    while rest:
        sign, (value, rest) = rest[0], _cut(rest[1:], "/:")
        if sign == "/" and limit is None:
            limit = _count(token, value, "a limit")
        elif sign == ":" and port is None:
            port = _port(token, value)
        else:
            raise _problem(token, "expected HOST[:PORT][/LIMIT][,OPTION...]")
    _check_host(token, host, bracketed=base.startswith("["))
    local = host == "localhost" and port is None and not options
    kind = Kind.LOCAL if local else Kind.TCP
    return Hostspec(kind, host, port or DEFAULT_PORT, limit, options, verbatim=token)


def _cut(text: str, signs: str) -> tuple[str, str]:
    """Everything before the first of `signs`, and the rest from it on."""
    at = next((index for index, char in enumerate(text) if char in signs), len(text))
    return text[:at], text[at:]


def _check_host(token: str, host: str, *, bracketed: bool) -> None:
    if bracketed:
        try:
            version: int = parse_address(host).version
        except ValueError:
            version = 0
        if version != 6:
            raise _problem(token, f"expected an IPv6 address in brackets, got {_shown(host)}")
    elif "=" in host:
        name, _, number = host.partition("=")
        raise _problem(token, f'"=" sets no limit; did you mean {name}/{number}?')
    elif not _NAME.fullmatch(host):
        raise _problem(token, f"expected a host name or address, got {_shown(host)}")


def _count(token: str, text: str, what: str) -> int:
    # int() also takes "+4", " 4" and "4_0".
    if not _NUMBER.fullmatch(text) or not 0 < int(text) <= MAX_LIMIT:
        raise _problem(token, f"expected {what} from 1 to {MAX_LIMIT}, got {_shown(text)}")
    return int(text)


def _port(token: str, text: str) -> int:
    if not _NUMBER.fullmatch(text) or not 0 < int(text) < 65536:
        raise _problem(token, f"expected a port from 1 to 65535, got {_shown(text)}")
    return int(text)


def _shown(text: str) -> str:
    """The text as it may be printed: nothing in it reaches a terminal unescaped."""
    return ascii(text if len(text) <= 60 else text[:57] + "...")


def _problem(token: str, expected: str) -> HostsError:
    return HostsError(f"hosts list: {_shown(token)}: {expected}")
