"""The farm: real distccd that compile, are counted, and never outlive the farm."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dns.resolver
import pytest
from running import eventually, processes

from distcc_build.errors import NotFoundError
from distcc_build.farm.daemons import Differing, default_slots
from distcc_build.farm.loopback import Farm

pytestmark = pytest.mark.skipif(
    not shutil.which("distccd"), reason="distccd is not installed (Debian: distcc)"
)


def distcc(farm: Farm, directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Compile on the farm's servers, without any discovery."""
    slots = [f"{ip}:{farm.daemons.port}/{farm.daemons.slots}" for ip in farm.daemons.addresses]
    environment = farm.environment()
    environment |= {"DISTCC_HOSTS": " ".join(slots), "DISTCC_NO_REWRITE_CROSS": "1"}
    environment["DISTCC_FALLBACK"] = "0"
    return subprocess.run(
        ["distcc", *arguments],
        env=environment,
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def farm() -> Iterator[Farm]:
    with Farm(servers=2, slots=3) as farm:
        yield farm


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "hello world.c"
    source.write_text('#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n')
    return source


def test_compiles_are_counted_where_they_were_done(farm: Farm, source: Path) -> None:
    for number in range(4):
        done = distcc(farm, source.parent, "gcc", "-c", source.name, "-o", f"{number}.o")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    counts = farm.daemons.wait_for(4)
    assert counts.total() == 4
    assert list(counts) == farm.daemons.addresses == ["127.1.0.1", "127.1.0.2"]
    assert {(job.outcome, job.compiler, job.source) for job in farm.daemons.jobs()} == {
        ("COMPILE_OK", "gcc", "hello world.c")
    }


def test_failed_compile_is_a_job_but_no_compile(farm: Farm, tmp_path: Path) -> None:
    (tmp_path / "bad.c").write_text("int f(void) { return nothing; }\n")
    assert distcc(farm, tmp_path, "gcc", "-c", "bad.c", "-o", "bad.o").returncode != 0
    assert eventually(lambda: len(farm.daemons.jobs()) == 1)
    (job,) = farm.daemons.jobs()
    assert job.outcome == "COMPILE_ERROR"
    assert farm.daemons.compiles().total() == 0


def test_server_stopped_by_a_signal_does_not_answer_and_the_other_does(
    farm: Farm, source: Path
) -> None:
    farm.daemons.signal("127.1.0.1", signal.SIGKILL)
    done = distcc(farm, source.parent, "gcc", "-c", source.name, "-o", "x.o")
    # With fall-back off, distcc gives up on the dead server; its next compile avoids it.
    again = distcc(farm, source.parent, "gcc", "-c", source.name, "-o", "x.o")
    assert 0 in {done.returncode, again.returncode}
    counts = farm.daemons.wait_for(1)
    assert counts["127.1.0.1"] == 0
    assert counts["127.1.0.2"] >= 1


def test_a_server_may_differ_from_the_rest(source: Path) -> None:
    differing = {
        1: Differing(path="/nowhere"),
        2: Differing(allow="10.0.0.0/8"),
        3: Differing(options=("--log-level=debug",)),
    }
    with Farm(servers=3, slots=1, differing=differing) as farm:
        for address in farm.daemons.addresses:
            environ = {**farm.environment(), "DISTCC_HOSTS": f"{address}:{farm.daemons.port}"}
            words = ["distcc", "gcc", "-c", source.name, "-o", "x.o"]
            subprocess.run(words, cwd=source.parent, env=environ, check=True, capture_output=True)
        farm.daemons.wait_for(1)
        done = farm.daemons.compiles()
        assert done == {"127.1.0.1": 0, "127.1.0.2": 0, "127.1.0.3": 1}
        logs = [farm.daemons.log(one).read_text() for one in farm.daemons.addresses]
        assert "COMPILE_ERROR exit:110" in logs[0]
        assert "denied" in logs[1]
        assert "compile from" in logs[2]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP, 0])
def test_a_server_can_be_started_again_and_counts_on(
    farm: Farm, source: Path, number: signal.Signals
) -> None:
    words = ["gcc", "-c", source.name, "-o", "x.o"]
    for _ in range(2):
        assert distcc(farm, source.parent, *words).returncode == 0
    assert farm.daemons.wait_for(2) == {"127.1.0.1": 2, "127.1.0.2": 0}
    farm.daemons.signal("127.1.0.1", number)
    farm.daemons.restart("127.1.0.1")
    assert distcc(farm, source.parent, *words).returncode == 0
    assert farm.daemons.wait_for(3) == {"127.1.0.1": 3, "127.1.0.2": 0}


def test_names_resolve_to_the_servers(farm: Farm) -> None:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = [farm.nameserver.address], farm.nameserver.port
    domain = farm.exports["DISTCC_BUILD_DOMAIN"]
    found = [str(resolver.resolve(f"distcc{n}.{domain}.")[0]) for n in (1, 2)]
    assert found == farm.daemons.addresses
    with pytest.raises(dns.resolver.NXDOMAIN):
        resolver.resolve(f"distcc3.{domain}.")
    assert farm.nameserver.count(f"distcc1.{domain}.", "A") == 1


def test_two_farms_do_not_disturb_each_other(farm: Farm, source: Path) -> None:
    with Farm(servers=2, slots=3) as other:
        assert other.daemons.port != farm.daemons.port
        assert distcc(other, source.parent, "gcc", "-c", source.name, "-o", "x.o").returncode == 0
        assert other.daemons.wait_for(1).total() == 1
    assert farm.daemons.compiles().total() == 0
    assert distcc(farm, source.parent, "gcc", "-c", source.name, "-o", "x.o").returncode == 0


@pytest.mark.parametrize("masquerade", ["/usr/lib/distcc", "/usr/lib/ccache"])
def test_masquerade_directory_on_path_is_not_the_servers_compiler(
    source: Path, masquerade: str
) -> None:
    if not Path(masquerade).is_dir():
        pytest.skip(f"no {masquerade}")
    environ = {**os.environ, "PATH": f"{masquerade}:{os.environ['PATH']}"}
    with Farm(servers=1, slots=2, environ=environ) as farm:
        done = distcc(farm, source.parent, "gcc", "-c", source.name, "-o", "x.o")
        assert (done.returncode, done.stderr) == (0, "")
        assert farm.daemons.wait_for(1).total() == 1


@pytest.mark.parametrize("servers", [1, 2, 3, 7])
@pytest.mark.parametrize("cores", [1, 2, 8, 64, 250])
def test_default_farm_is_more_than_five_times_its_client(servers: int, cores: int) -> None:
    assert servers * default_slots(servers, cores) > 5 * cores


def test_missing_distccd_is_named_with_its_package(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="apt-get install distcc"):
        Farm(environ={"PATH": str(tmp_path)}).__enter__()


def test_failed_start_leaves_nothing_behind(tmp_path: Path) -> None:
    farm = Farm(environ={"PATH": str(tmp_path)})
    with pytest.raises(NotFoundError) as caught:
        farm.__enter__()
    assert "\n" not in str(caught.value)
    assert not farm.directory.exists()
    assert eventually(lambda: not processes(str(farm.directory)))


def test_hung_server_is_ended_too() -> None:
    with Farm(servers=2, slots=2) as farm:
        farm.daemons.signal("127.1.0.1", signal.SIGSTOP)
        directory = farm.directory
    assert eventually(lambda: not processes(str(directory)))
    assert not directory.exists()
