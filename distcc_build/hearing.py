"""Hears servers out that said nothing while somebody may have waited, with nobody waiting."""

from pathlib import Path

from distcc_build import store
from distcc_build.config import Config
from distcc_build.discover import Wanted, resolved
from distcc_build.farmfile import Farm
from distcc_build.learned import silent

__all__ = ["hear_out"]


def hear_out(config: Config, directory: Path, farm: Farm, wanted: Wanted, seconds: float) -> Farm:
    """Wait for servers that have said nothing, and keep what they are worth after all.

    Meanwhile others have the farm and its lock: for a dead server this takes all the time.

    :param farm: what `discover` gave.
    :param wanted: what it was given.
    :param seconds: the longest that this may take.
    :raises OSError: when the result cannot be kept.
    """
    from distcc_build.proving import prove_silent
    from distcc_build.reference import kept

    compilers = resolved([*wanted.compilers, *farm.compilers], wanted.path)
    # None is run anew: what is only remembered may be another program by now.
    made = [
        reference
        for one in compilers
        if one.key in farm.proofs and (reference := kept(directory, one))
    ]
    if not silent(farm) or not made:
        return farm
    heard = prove_silent(farm, made, config, seconds=seconds)
    path = store.farm_path(directory, config)
    with store.locked(path, 1.0) as mine:
        now = store.read_farm(path)
        if not mine or now is None or now.made != farm.made:
            return heard
        # Others may have proved more compilers, and not have waited long.
        alone = now.proofs.keys() <= farm.proofs.keys()
        heard = (heard if alone else heard.fresh_until(now.until))._replace(
            compilers=now.compilers,
            proofs={**now.proofs, **heard.proofs},
            reasons={**now.reasons, **heard.reasons},
        )
        store.write_farm(path, heard)
    return heard
