"""The environment of a whole build in pump mode; or without, and why."""

import contextlib
from collections import Counter
from collections.abc import Sequence

from distcc_build.buildenv import COMPILERS, Basis, build_environment
from distcc_build.config import PREFIX, switched_off
from distcc_build.launch import Situation
from distcc_build.pump.server import PumpError, Pumping, find_script, pumping

__all__ = ["pump_environment"]


def pump_environment(
    environ: dict[str, str],
    stack: contextlib.ExitStack,
    compilers: Sequence[str] = COMPILERS,
) -> tuple[dict[str, str], Basis, Pumping]:
    """As `build_environment`, with an include server that runs until `stack` is closed.

    :raises PumpError: when there is to be no pump mode; nothing is left of it then.
    :raises DistccBuildError: when there is no launcher or no usable configuration.
    """
    if switched_off(environ):
        raise PumpError("DISTCC_BUILD switches it off")
    find_script(environ.get("PATH"))
    wanted = {**environ, f"{PREFIX}COMPRESSION": "pump"}
    built, basis = build_environment(wanted, compilers)
    if basis is None or not basis.inputs.hosts.discover:
        raise PumpError("the hosts list is your own, and its servers are not tried for it")
    if not any(part.candidates([one]) for part, words in basis.parts for one in words):
        reasons = (_why_none(part, words) for part, words in basis.parts)
        raise PumpError("; ".join(dict.fromkeys(reasons)))
    running = stack.enter_context(pumping(built))
    return {**built, **running.environment}, basis, running


def _why_none(situation: Situation, compilers: Sequence[str]) -> str:
    """Why no server is good for it: the most frequent reason for each."""
    farm = situation.farm
    if farm is None or not farm.used:
        return "there are no distcc servers"
    if not situation.client.usable:
        return "there is no distcc"
    if not situation.inputs.config.probe:
        return "servers are not tried (option probe)"
    causes: Counter[str] = Counter()
    for compiler in situation.compilers(compilers):
        if why := farm.reasons.get(compiler.key):
            return why
        causes.update(
            f"{one.cause.meaning} ({one.why})" if one.why else one.cause.meaning
            for one in farm.proofs.get(compiler.key, {}).values()
        )
    said = causes.most_common(1)[0][0] if causes else "it is not known yet what they do"
    return f"none of {len(farm.used)} servers proved protocol 3: {said}"
