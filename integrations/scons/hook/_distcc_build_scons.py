"""Lets SCons find its tool distcc_discover by name: env.Tool("distcc_discover"), no toolpath.

Run at every start of this interpreter (distcc-build-scons.pth, and .start from Python 3.15 on),
so it imports nothing and answers for one name only, after every other finder.  Neither a file
put into SCons/Tool nor a namespace package does the same: the first breaks SCons under editable
installs, both miss an SCons that lies in another directory of the path.
"""

import sys

NAME = "SCons.Tool.distcc_discover"


class Finder:
    """Finds the tool in the package beside this file."""

    @staticmethod
    def find_spec(name, *_path_and_target):  # type: ignore[no-untyped-def]
        """Answer the import system; None for every name that is not the tool's."""
        if name != NAME:
            return None
        from importlib.util import spec_from_file_location
        from pathlib import Path

        tool = Path(__file__).parent / "distcc_build/integrations/scons/distcc_discover.py"
        # Uninstalled by hand, perhaps: then SCons says that there is no such tool.
        return spec_from_file_location(name, tool) if tool.is_file() else None


def install():  # type: ignore[no-untyped-def]
    """Add the finder, once, behind the others."""
    if Finder not in sys.meta_path:
        sys.meta_path.append(Finder)
