"""Asks the sources beside the walk, all at once, each in a thread of its own."""

import threading
import time
from collections.abc import Callable

from distcc_build.errors import DistccBuildError
from distcc_build.farmfile import REMEMBERED
from distcc_build.hostspec import DISCOVER, DNS_SD, ZEROCONF
from distcc_build.offer import Account, Gave
from distcc_build.sources.announced import KEEP
from distcc_build.sources.request import Request
from distcc_build.trouble import ListError, Trouble

__all__ = ["Others", "failed"]

SLACK = 0.2
"""Seconds behind its own deadline after which a source is left alone."""


def failed(source: str, why: str, trouble: Trouble | None = None) -> Gave:
    """What a source gives that could not be asked: its servers from before stay in use.

    :param why: a sentence without its full stop.
    """
    keep = KEEP if source == ZEROCONF else REMEMBERED
    return Gave(Account(source, why=why, degraded=True, trouble=trouble), keep=keep)


class Others:
    """The sources on their way."""

    def __init__(self, request: Request) -> None:
        """Begin to ask all but the walk of numbered names."""
        self._end = time.monotonic() + request.seconds + SLACK
        self._request = request
        self._gave: dict[str, Gave] = {}
        self._threads: dict[str, threading.Thread] = {}
        for word in request.config.sources:
            if word != DISCOVER:
                # One that hangs must not keep the process.
                thread = threading.Thread(target=self._ask, args=(word,), daemon=True)
                self._threads[word] = thread
                try:
                    thread.start()
                except RuntimeError as error:
                    # A container may have no more of them; the walk needs none.
                    self._gave[word] = self._failed(word, str(error))

    def _ask(self, word: str) -> None:
        start = time.monotonic()
        try:
            gave = _asker(word)(word, self._request)
        except ListError as error:
            gave = self._failed(word, str(error), error.trouble)
        except (DistccBuildError, OSError) as error:
            gave = self._failed(word, str(error))
        except Exception as error:  # noqa: BLE001 - other sources go on
            gave = self._failed(word, f"{type(error).__name__}: {error}")
        took = round(time.monotonic() - start, 4)
        self._gave[word] = gave._replace(account=gave.account._replace(seconds=took))

    def collect(self) -> list[Gave]:
        """What they gave, in the order of the hosts list; what is not there in time has failed."""
        for word, thread in self._threads.items():
            if word not in self._gave:
                thread.join(max(self._end - time.monotonic(), 0.0))
        late = f"no answer within {self._request.seconds:g} s"
        return [
            self._gave.get(word) or self._failed(word, late, Trouble.LATE) for word in self._threads
        ]

    def _failed(self, word: str, why: str, trouble: Trouble | None = None) -> Gave:
        config, conf = self._request.config, self._request.conf
        gave, domains = failed(word, why, trouble), config.domain or conf.search
        if word != DNS_SD or config.resolver == "system" or not domains:
            return gave
        # Of none of the domains is it known whether services are there.
        return gave._replace(domain=domains[0])


def _asker(word: str) -> Callable[[str, Request], Gave]:
    # Imported here: who does not ask with a word does not pay for it.
    if word == DNS_SD:
        from distcc_build.sources.unicast import browse_zones

        return browse_zones
    if word == ZEROCONF:
        from distcc_build.sources.multicast import browse_link

        return browse_link
    from distcc_build.sources.listed import read_listed

    return read_listed
