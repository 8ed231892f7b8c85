"""A farm whose compiler sleeps, so that two cores can stand for many, and what is built on it."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from distcc_build.farm.daemons import Differing
from distcc_build.farm.loopback import Farm
from distcc_build.units import arguments, source_name, units

__all__ = ["sleeping_farm", "stats_port", "write_project"]

# Sleeps for as long as the source says, or as a small compile takes, and hands out an object that
# was made before: a probe's that of the probe.  What compiles nothing is the real compiler's.
COMPILER = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char says[] = "sleeps_for_", probe[] = "# 1 \"p.c";

int
main(int argc, char **argv)
{
	static char text[65536], *in, *out, *said;
	const char *object = FOLDER "/made.o";
	struct timespec time;
	FILE *file;
	size_t length;
	long ms = SMALL;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-o") == 0)
			out = argv[i + 1];
		else if (strstr(argv[i], ".i"))
			in = argv[i];
	}
	if (!in || !out || !(file = fopen(in, "r"))) {
		argv[0] = REAL;
		execv(REAL, argv);
		return 1;
	}
	fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	if ((said = strstr(text, says)))
		ms = strtol(said + sizeof(says) - 1, NULL, 10);
	else if (strncmp(text, probe, sizeof(probe) - 1) == 0)
		object = strstr(in, ".ii") ? FOLDER "/g++.o" : FOLDER "/gcc.o";
	time.tv_sec = ms / 1000;
	time.tv_nsec = ms % 1000 * 1000000;
	nanosleep(&time, NULL);
	if (!(file = fopen(object, "r")))
		return 1;
	length = fread(text, 1, sizeof(text), file);
	fclose(file);
	if (!(file = fopen(out, "w")) || fwrite(text, 1, length, file) != length)
		return 1;
	return fclose(file) != 0;
}
"""

SMALL = 40
"""Milliseconds of a small compile, such as a probe's."""

MAKEFILE = """\
{head}
all: {objects}
\t@touch $@
%.o: %.c
\t@$(CC) -c -o $@ $<
"""


@contextlib.contextmanager
def sleeping_farm(servers: int, slots: int, *options: str) -> Iterator[Farm]:
    """Run it.

    :param options: more of distccd's options, for all servers.
    """
    # Not below a directory that distccd may not search once it has given up root.
    with tempfile.TemporaryDirectory(prefix="distcc-build-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        Path(folder, "made.c").write_text("int made;\n", "utf-8")
        _run(folder, "gcc", "-c", "made.c")
        Path(folder, "sleep.c").write_text(COMPILER, "utf-8")
        for word in ("gcc", "g++"):
            Path(folder, source_name(word)).write_bytes(units(word)[0])
            _run(folder, word, *arguments(word)[:-1], f"{word}.o")
            # What bare distcc makes of the word is another name for the same.
            for name in (word, f"{_run(folder, word, '-dumpmachine')}-{word}"):
                words = [
                    f'-DREAL="{shutil.which(word)}"',
                    f'-DFOLDER="{folder}"',
                    f"-DSMALL={SMALL}",
                ]
                _run(folder, "gcc", "-O2", "-w", *words, "sleep.c", "-o", name)
        own = Differing(path=f"{folder}:/usr/bin:/bin", options=options)
        differing = dict.fromkeys(range(1, servers + 1), own)
        with Farm(
            servers=servers, slots=slots, environ=dict(os.environ), differing=differing
        ) as farm:
            yield farm


def _run(folder: str, *words: str) -> str:
    done = subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def stats_port() -> int:
    """A TCP port that is free now."""
    with socket.create_server(("127.1.0.1", 0)) as server:
        return int(server.getsockname()[1])


def write_project(folder: Path, milliseconds: Sequence[int], **heads: str) -> None:
    """Write a project whose compiles sleep so long, and a Makefile for each head (`NAME.mk`)."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(milliseconds):
        text = f"int sleeps_for_{one}_{number}(int x) {{ return x + {number}; }}\n"
        (folder / f"f{number}.c").write_text(text, "utf-8")
    objects = " ".join(f"f{number}.o" for number in range(len(milliseconds)))
    for name, head in heads.items():
        (folder / f"{name}.mk").write_text(MAKEFILE.format(head=head, objects=objects), "utf-8")
