"""Build the documentation.  Usage: python docs/making OUTPUT [--no-pictures].

Into OUTPUT go `html` and `man`; pictures go where the pages look for them, docs/pictures.
"""

import argparse
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1]


def main() -> int:
    """Build all of it; the exit status is that of what failed first."""
    sys.path[:0] = [str(DOCS), str(DOCS.parent), str(DOCS.parent / "tests")]
    from making import manual, pictures

    parser = argparse.ArgumentParser(prog="docs/making", description="Build the documentation.")
    parser.add_argument("output", type=Path, help="a folder; what is in it is replaced")
    output: Path = parser.parse_args().output
    pictures.draw(DOCS / "pictures")
    manual.main(_version(), str(output / "man"))
    # -W: a warning is an error; -n: so is a reference to nothing; -E: nothing of an earlier build.
    words = [sys.executable, "-m", "sphinx", "-q", "-W", "-n", "-E", "--keep-going", "-b", "html"]
    places = ["-d", str(output / "doctrees"), str(DOCS), str(output / "html")]
    done = subprocess.run([*words, *places], check=False)
    if done.returncode == 0:
        print(output / "html" / "index.html")
    return done.returncode


def _version() -> str:
    from importlib.metadata import version

    return version("distcc-build")


if __name__ == "__main__":
    sys.exit(main())
