"""A small compile through the installed launcher, checked against the compiler's own object."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from distcc_build.paths import launcher
from distcc_build.store import replace

__all__ = ["Bench", "age"]

SOURCE = "extern int puts(const char *);\nint main(void) { return puts(WHAT) < 0; }\n"


class Bench:
    """A directory with a source, and an environment that sees nothing of the user's."""

    def __init__(self, directory: Path, environ: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        self.environ = {
            "PATH": f"{launcher().parent}:/usr/bin:/bin",
            "HOME": str(directory / "home"),
            "DISTCC_BUILD_CACHE_DIR": str(directory / "cache"),
            "DISTCC_BUILD_DEADLINE": "60",
            **(environ or {}),
        }
        self.cache = Path(self.environ["DISTCC_BUILD_CACHE_DIR"])
        (directory / "home").mkdir(exist_ok=True)
        (directory / "x.c").write_text(SOURCE)

    def start(self, *words: str, output: str = "x.o") -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["distcc-launch", *words, '-DWHAT="x"', "-c", "x.c", "-o", output],
            cwd=self.directory,
            env=self.environ,
            executable=str(launcher()),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def compile(self, *words: str, output: str = "x.o") -> str:
        """Compile; the launcher's output.  The object must be the compiler's own."""
        process = self.start(*words, output=output)
        said, _ = process.communicate(timeout=300)
        assert process.returncode == 0, said
        self.check(words, output)
        return said

    def check(self, words: tuple[str, ...], output: str) -> None:
        plain = [*words, '-DWHAT="x"', "-c", "x.c", "-o", "expected.o"]
        subprocess.run(plain, cwd=self.directory, env=self.environ, check=True)
        made = (self.directory / output).read_bytes()
        assert made == (self.directory / "expected.o").read_bytes()

    def command(self, *words: str, expect: int = 0) -> str:
        """What a command of distcc-build prints."""
        return self.run(*words, expect=expect).stdout

    def run(self, *words: str, expect: int = 0) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [launcher().with_name("distcc-build"), *words],
            cwd=self.directory,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == expect, done
        return done


def age(cache: Path, seconds: int) -> None:
    """Make every plan and farm in the cache older, as if nothing had been built since.

    Whoever reads one meanwhile finds a whole one.
    """
    for path in cache.iterdir():
        if path.name.startswith("plan-"):
            lines = path.read_text().splitlines()
            old = [
                f"{word} {int(rest) - seconds}" if word in {"made", "until", "stale"} else line
                for line in lines
                for word, _, rest in [line.partition(" ")]
            ]
            replace(path, "\n".join(old).encode() + b"\n")
        elif path.suffix == ".json":
            table = json.loads(path.read_text())
            for key in ("made", "until", "stale"):
                table[key] -= seconds
            for one in table["servers"]:
                one[5] -= seconds
            for asked in table["answers"].values():
                asked[0] -= seconds
            replace(path, json.dumps(table).encode())
