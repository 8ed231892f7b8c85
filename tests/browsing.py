"""One look at the link of the machine it runs on: a program that prints what was found as JSON.

browsing.py '{"config": {"max_servers": 10}, "seconds": 3, "longest": 30, "without": false}'
"""

import json
import os
import sys
import threading
import time
from typing import Any

from distcc_build.config import Config
from distcc_build.hostspec import ZEROCONF
from distcc_build.resolve.resolvconf import ResolvConf
from distcc_build.sources import multicast
from distcc_build.sources.request import Request


def look(how: dict[str, Any]) -> dict[str, Any]:
    multicast.BROWSE = how.get("longest", multicast.BROWSE)
    if how.get("without"):
        sys.modules["zeroconf"] = None  # type: ignore[assignment]
    config = Config(**how.get("config", {}))
    request = Request(config, ResolvConf((), ()), time.time(), how.get("seconds", 60))
    open_before, start = files(), time.monotonic()
    gave = multicast.browse_link(ZEROCONF, request)
    return {
        "took": time.monotonic() - start,
        "offers": {
            one.name: [[str(at) for at in one.addresses], one.port, one.limit]
            for one in gave.offers
        },
        "lines": gave.account.lines,
        "why": gave.account.why,
        "degraded": gave.account.degraded,
        "left_open": sorted(files() - open_before),
        "threads": threading.active_count(),
    }


def files() -> set[str]:
    """What is open, by what it is; the folder that is read here is none of it."""
    found = set()
    for one in os.listdir("/proc/self/fd"):  # noqa: PTH208
        try:
            found.add(os.readlink(f"/proc/self/fd/{one}"))  # noqa: PTH115
        except OSError:
            continue
    return found


if __name__ == "__main__":
    print(json.dumps(look(json.loads(sys.argv[1]))))
