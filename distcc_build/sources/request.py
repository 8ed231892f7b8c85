"""What a source is asked with.  Values only."""

from typing import NamedTuple

from distcc_build.config import Config
from distcc_build.resolve.resolvconf import ResolvConf

__all__ = ["Request"]


class Request(NamedTuple):
    """One look at a source."""

    config: Config
    conf: ResolvConf
    """Which name servers to ask, and the domains of this network."""
    now: float
    """Seconds since 1970."""
    seconds: float
    """The longest that it may take."""
