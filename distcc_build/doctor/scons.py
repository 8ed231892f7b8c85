"""SCons: whether env.Tool("distcc_discover") works, in the environment of each that is on PATH."""

import json
from collections.abc import Iterator
from pathlib import Path

from distcc_build.doctor.findings import Check, Loss, ok, skipped, warning
from distcc_build.doctor.programs import Here

__all__ = ["scons"]

MOST = 4
"""That are asked; who has more knows the others."""

# Loads the tool as env.Tool does, and does not apply it: that would ask for servers.  A shim
# that finds no distcc-build is there, and does nothing.
SCRIPT = """\
import json, sys
import SCons
import SCons.Tool
found = {"scons": SCons.__version__, "python": "%d.%d" % sys.version_info[:2], "prefix": sys.prefix}
try:
    tool = SCons.Tool.Tool("distcc_discover")
    found["tool"] = tool.generate.__code__.co_filename
    found["works"] = tool.generate.__globals__.get("_tool", tool) is not None
except Exception as error:
    found["why"] = str(error)
print("doctor: " + json.dumps(found))
Exit(0)
"""


def scons(here: Here, folder: Path) -> Iterator[Check]:
    """Ask each SCons on PATH.

    :param folder: an empty one.  A shim of the project that one stands in is looked for by name
        only, as nothing of a project is run.
    """
    programs = here.every("scons")[:MOST]
    if not programs:
        yield skipped("SCons", "is not installed")
        return
    (folder / "SConstruct").write_text(SCRIPT, "utf-8")
    for program in programs:
        yield _one(program, here, folder)


def _one(program: str, here: Here, folder: Path) -> Check:
    said = here.ask(program, "-Q", "-s", cwd=folder)
    try:
        found = json.loads(said.out.partition("doctor: ")[2].partition("\n")[0])
        name, python = f"SCons {found['scons']}", f"Python {found['python']} in {found['prefix']}"
    except (ValueError, LookupError, TypeError):
        text = f"{program} does not run an empty SConstruct: {said.complaint}"
        return warning("SCons", text, f"try it: {program} --version", Loss.SYSTEM)
    if found.get("works"):
        shim = f", by the shim {found['tool']}" if "site_scons" in found["tool"] else ""
        return ok(name, f"{program}: has the tool distcc_discover{shim}")
    if "tool" in found:
        text = f"{program}: {found['tool']} finds no distcc-build, so the tool does nothing"
        return warning(name, text, "write it anew: distcc-build setup scons", Loss.SYSTEM)
    if Path("site_scons/site_tools/distcc_discover.py").is_file():
        return ok(name, f"{program}: has the tool in this project, by its shim")
    text = f"{program}: its {python} has no tool distcc_discover"
    return warning(name, text, "run: distcc-build setup scons", Loss.SYSTEM)
