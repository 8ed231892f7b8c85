"""What has to be known before the figures of a build are read."""

from distcc_build.record.tally import Build, Tally
from distcc_build.words import count

__all__ = ["NOT_WHOLE", "remarks"]

NOT_WHOLE = (
    "compiles or their ends are missing: the record could not be written any more"
    " (a full disk, a limit on the size of files,"
    " or 256 MiB of statistics that nobody has had distcc-build stats sum up)"
)
LAUNCHED = "see that the build uses distcc-launch, as with make CC='distcc gcc' CXX='distcc g++'"


def remarks(build: Build, tally: Tally) -> list[str]:
    """Why there is more than the figures say, or what may be the reason where there are none."""
    if not build.whole:
        return [NOT_WHOLE]
    if tally.compiles:
        return []
    others = f", only {count(tally.others, 'other command')}" if tally.others else ""
    return [f"no compile went through the launcher{others}: {LAUNCHED}"]
