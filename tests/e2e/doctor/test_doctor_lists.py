"""What doctor says of a list of servers in a file, or of a command's."""

import socket
from pathlib import Path

import pytest
from compiling import Bench
from e2e.doctor.asked import doctor

from distcc_build.farm.loopback import Farm


def listing(bench: Bench, text: str, mode: int = 0o644) -> Path:
    """A file of servers, that the hosts list names."""
    path = Path(bench.environ["HOME"], "servers")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    bench.environ["DISTCC_HOSTS"] = f"--discover-file={path}"
    return path


CAUSES: dict[str, tuple[str, int, str, str]] = {
    "not believed": (
        "127.1.0.1",
        0o666,
        "can be written by others",
        "chmod go-w {path}, then distcc-build refresh",
    ),
    "no command": (
        *("127.1.0.1", 0o755, "it has no #! line"),
        (
            "if a command, begin it with a #! line; if a list, chmod a-x {path}, "
            "then distcc-build refresh"
        ),
    ),
    "no interpreter": (
        *("#!/nowhere/sh -e\n", 0o755, "cannot be run: what its #! line names is not there"),
        "correct the #! line of {path}: the program that it names cannot be run",
    ),
    "failed": (
        *("#!/bin/sh\necho no token >&2; exit 3\n", 0o755, "ended with status 3: no token"),
        "mend it: (cd / && {path}) </dev/null shows what it says",
    ),
    "itself": (
        *("localhost", 0o644, "lists nothing that can be used"),
        "see that {path} names servers beside this machine, HOST:PORT/LIMIT each",
    ),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_what_is_to_be_done_about_a_file_fits_what_is_wrong_with_it(
    bench: Bench, cause: str
) -> None:
    text, mode, why, remedy = CAUSES[cause]
    path = listing(bench, text, mode)
    said = doctor(bench)
    assert why in said.check("discovery", "--discover-file=")["text"]
    assert said.steps == [remedy.format(path=path)]
    assert why in said.table["verdict"]
    assert said.status == 7


def test_a_file_that_is_not_there_is_to_be_written(bench: Bench) -> None:
    path = listing(bench, "")
    path.unlink()
    said = doctor(bench)
    assert said.steps[0].startswith(f"write the servers into {path}, HOST:PORT/LIMIT each, or ")
    assert said.status == 7


def test_a_word_of_a_file_that_is_left_out_has_a_next_step(farm: Farm, bench: Bench) -> None:
    path = listing(bench, f"127.1.0.1:{farm.daemons.port}/4\n127.1.0.2:port\n")
    said = doctor(bench)
    assert said.steps == [f"correct it in {path}: HOST:PORT/LIMIT is expected"]
    assert said.table["next"][0]["subjects"] == ["line 2"]
    assert said.status == 1


def own_address() -> str:
    """That of this machine by which it reaches others; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.254", 9))
        except OSError:
            pytest.skip("needs a network")
        return str(probe.getsockname()[0])


def test_a_farm_of_nobody_but_this_machine_is_told_so(bench: Bench) -> None:
    own = own_address()
    listing(bench, own)
    bench.environ["DISTCC_BUILD_ALLOW"] = own
    said = doctor(bench)
    assert said.table["verdict"].endswith("no server but this machine itself was found")
    assert said.steps == ["list other machines beside it: what is sent to itself gains nothing"]
    assert said.status == 7
