"""Which files of a cache are not whole."""

import hashlib
from pathlib import Path

from distcc_build.errors import PlanError
from distcc_build.farmfile import FarmFileError, parse_farm
from distcc_build.plan import parse_plan

__all__ = ["torn"]


def torn(cache: Path) -> list[str]:
    """The names of plans, farms and references that cannot be read; none may be there, ever."""
    return [path.name for path in cache.glob("*") if not _whole(path)]


def _whole(path: Path) -> bool:
    try:
        if path.name.startswith("plan-"):
            parse_plan(path.read_bytes())
        elif path.suffix == ".json":
            parse_farm(path.read_bytes())
        elif path.name.startswith("reference-"):
            # Its first line ends with the digest of the others.
            first, _, rest = path.read_bytes().partition(b"\n")
            return first.rpartition(b" ")[2].decode() == hashlib.sha256(rest).hexdigest()
    except (PlanError, FarmFileError):
        return False
    return True
