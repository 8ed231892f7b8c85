"""Hears which machines of this link announce a distccd (RFC 6762), by python-zeroconf.

Only distcc's word +zeroconf in a hosts list asks for it; without the word python-zeroconf is not
imported, and nothing is sent or heard.  The word itself is not handed on to distcc, which would
wait a second for each compile and prove no server.
"""

import asyncio
import contextlib
import errno
import ipaddress
import shlex
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from distcc_build.offer import Account, Gave
from distcc_build.sources.announced import DOMAIN, Heard, gathered, unheard
from distcc_build.sources.request import Request
from distcc_build.sources.service import SERVICE

if TYPE_CHECKING:
    from zeroconf import ServiceStateChange, Zeroconf

__all__ = ["browse_link"]

TYPE = f"{SERVICE}.{DOMAIN}"

BROWSE = 1.0
"""Seconds for a look at most.  Further questions are not allowed before (RFC 6762 section 5.2)."""

QUIET = 0.25
"""Seconds without news after which nobody is waited for.

A responder waits 20 to 120 ms (RFC 6762 section 6).  Five avahi-daemon 0.8 answered within 96 ms
of each other, and their IPv4 addresses came 6 ms behind the IPv6 ones; five with python-zeroconf
0.154 answered all at once.  The last had spoken 0.2 s after we began."""

PATIENCE = 0.15
"""Seconds after which what a service left out is asked for."""

ASKED = 64
"""Services that are asked for what they left out; most send all at once."""

MAX_ODD = 8
"""Packets that python-zeroconf fails at, and that are told of."""


def browse_link(word: str, request: Request) -> Gave:
    """Ask at every interface, over IPv4 and IPv6, and listen for a moment.

    :param word: that of the hosts list.
    """
    if request.config.require_dnssec:
        return Gave(Account(word, why="nothing proves what a link announces (require_dnssec)"))
    end = time.monotonic() + request.seconds
    try:
        import zeroconf.asyncio  # noqa: F401
    except ImportError as error:
        absent = isinstance(error, ModuleNotFoundError)
        why = "is not installed" if absent else f"cannot be used ({error})"
        return unheard(word, f"python-zeroconf {why}: {_install()}")
    # Counted from here: the first import, from a cold disk, takes long.
    return asyncio.run(_listen(word, request, min(end, time.monotonic() + BROWSE)))


def _install() -> str:
    """What puts it where this interpreter finds it: whoever asks may run a clone, or by pipx."""
    # It goes into notes of plans, as text.
    python = ascii(shlex.quote(sys.executable or "python3"))[1:-1]
    by_pipx = ", or pipx inject distcc-build zeroconf" if "/pipx/" in python else ""
    return f"{python} -m pip install zeroconf{by_pipx}"


async def _listen(word: str, request: Request, end: float) -> Gave:
    """All that is opened here is closed again."""
    from zeroconf.asyncio import AsyncZeroconf

    odd: list[str] = []

    def failed(_: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        # A packet that python-zeroconf fails at costs that packet.
        if len(odd) < MAX_ODD:
            odd.append(repr(context.get("exception") or context.get("message")))

    asyncio.get_running_loop().set_exception_handler(failed)
    try:
        interfaces = _interfaces()
        if not interfaces:
            return unheard(word, "this machine has no network interface to ask at")
        link = AsyncZeroconf(interfaces=interfaces)
    except (OSError, RuntimeError) as error:
        # Not let out of here: in a task it would hold what was opened so far.
        return unheard(word, _why(error))
    try:
        ear = _Ear(link.zeroconf, request.config.max_servers, end)
        await ear.listen()
        return gathered(word, ear.services(), now=request.now, more=ear.more, odd=odd)
    finally:
        await link.async_close()


def _why(error: OSError | RuntimeError) -> str:
    """Why no socket could be had; python-zeroconf's own errors of interfaces are RuntimeErrors."""
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return "another program has UDP port 5353 for itself (ss -lunp names it)"
    said = error.strerror if isinstance(error, OSError) else None
    return f"multicast DNS cannot be asked: {said or error}"


def _interfaces() -> list[str | int]:
    """Every address of IPv4, and every interface with IPv6, that leads out of this machine."""
    import ifaddr

    found: list[str | int] = []
    for adapter in ifaddr.get_adapters():
        texts = [one.ip if isinstance(one.ip, str) else one.ip[0] for one in adapter.ips]
        addresses = [ipaddress.ip_address(text) for text in texts]
        outward = [one for one in addresses if not one.is_loopback]
        found += [str(one) for one in outward if one.version == 4]
        if any(one.version == 6 for one in outward) and adapter.index is not None:
            found.append(adapter.index)
    return found


class _Ear:
    """What is heard while one look lasts.

    :param most: services that are kept.
    :param end: time.monotonic() at which it ends.
    """

    def __init__(self, zeroconf: "Zeroconf", most: int, end: float) -> None:
        self.more = False
        """More than `most` were announced."""
        self._zeroconf = zeroconf
        self._most, self._end = most, end
        self._named: set[str] = set()
        self._open: set[str] = set()
        """Those of them of which something is missing."""
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._news = asyncio.Event()

    async def listen(self) -> None:
        """Ask, and listen until nothing new comes, or to the end."""
        from zeroconf.asyncio import AsyncServiceBrowser

        browser = AsyncServiceBrowser(self._zeroconf, TYPE, handlers=[self._changed])
        try:
            with contextlib.suppress(TimeoutError):
                while True:
                    done = self._named and not self._open
                    quiet = time.monotonic() + QUIET if done else self._end
                    # The clock of the loop is the same.
                    async with asyncio.timeout_at(min(quiet, self._end)):
                        await self._news.wait()
                    self._news.clear()
        finally:
            for task in self._asking.values():
                task.cancel()
            await asyncio.gather(*self._asking.values(), return_exceptions=True)
            await browser.async_cancel()

    def services(self) -> Iterable[Heard]:
        """Those that are announced now, with what is known of them."""
        return [self._heard(name)[0] for name in self._named]

    def _changed(self, *, name: str, state_change: "ServiceStateChange", **_: object) -> None:
        if state_change.name == "Removed":
            self._named.discard(name)
            self._open.discard(name)
        elif name not in self._named and len(self._named) == self._most:
            self.more = True
            return
        else:
            self._named.add(name)
            self._look(name)
            if name in self._open and name not in self._asking and len(self._asking) < ASKED:
                self._asking[name] = asyncio.create_task(self._ask(name))
        self._news.set()

    def _look(self, name: str) -> None:
        _, complete = self._heard(name)
        (self._open.discard if complete else self._open.add)(name)

    def _heard(self, name: str) -> tuple[Heard, bool]:
        """What is known of a service, and whether that is all."""
        from zeroconf import BadTypeInNameException, IPVersion
        from zeroconf.asyncio import AsyncServiceInfo

        try:
            info = AsyncServiceInfo(TYPE, name)
        except BadTypeInNameException:
            return Heard(name), True
        complete = info.load_from_cache(self._zeroconf)
        addresses = tuple(
            # Without the interface that theirs name.
            ipaddress.ip_address(one.packed)
            for one in info.ip_addresses_by_version(IPVersion.All)
        )
        heard = Heard(name, info.server or "", info.port or 0, addresses, info.text or b"")
        return heard, complete

    async def _ask(self, name: str) -> None:
        """Ask for what a service has left out."""
        from zeroconf.asyncio import AsyncServiceInfo

        await asyncio.sleep(PATIENCE)
        left = self._end - time.monotonic()
        if name in self._open and left > 0:
            await AsyncServiceInfo(TYPE, name).async_request(self._zeroconf, left * 1000)
            self._look(name)
            self._news.set()
