"""What a service says of itself: numbers and host names are taken, nothing else."""

import pytest

from distcc_build.sources.service import host_name, limit_of, of_itself, shown


@pytest.mark.parametrize(
    ("strings", "limit"),
    [
        ([b"txtvers=1", b"cpus=4", b"jobs=6"], 6),
        ([b"cpus=4"], 6),
        ([b"jobs=x", b"cpus=2"], 4),
        ([b"jobs=0", b"cpus=0"], None),
        ([b"jobs=-3"], None),
        ([b"jobs=6;rm"], None),
        ([b"jobs=1000"], 1000),
        ([b"jobs=1001"], None),
        ([b"cpus=1000"], 1000),
        ([b"JOBS=3", b"jobs=9"], 3),
        ([b"jobs", b"\xff=1", b""], None),
        ([], None),
    ],
)
def test_limit(strings: list[bytes], limit: int | None) -> None:
    assert limit_of(strings) == limit


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ([b"Build1", b"Example", b"COM"], "build1.example.com."),
        ([b"distcc_1", b"local"], "distcc_1.local."),
        ([b"a b", b"local"], None),
        ([b"a.b", b"local"], None),
        ([b"-oProxyCommand=x"], None),
        ([b"a@b"], None),
        ([b"\xc3\xa4", b"local"], None),
        ([b"x" * 64], None),
        ([], None),
        ([b""], None),
    ],
)
def test_host_name(labels: list[bytes], name: str | None) -> None:
    assert host_name(labels) == name


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ([b"distcc@big", b"_distcc", b"_tcp", b"local"], "distcc@big._distcc._tcp.local"),
        ([b"a\nb\x1b[31m'"], "\"a\\nb\\x1b[31m'"[1:]),
        (["Büro".encode()], "B\\xfcro"),
        ([b"\xff"], "\\ufffd"),
        ([], "."),
    ],
)
def test_shown_is_printable_ascii(labels: list[bytes], text: str) -> None:
    assert shown(labels) == text
    assert text.isascii()
    assert text.isprintable()


def test_of_itself_holds_only_what_distccd_writes() -> None:
    said = [b"cc_version=12", b"cc_machine=x86_64-linux-gnu", b"distcc=3.4", b"jobs=6"]
    assert of_itself(said) == "cc 12 for x86_64-linux-gnu distcc 3.4 jobs 6"
    assert of_itself([b"cc_version=\x1b[31m", b"distcc=3.4 ; x", b"other=1"]) == ""


@pytest.mark.parametrize("jobs", ["0", "1e3", "1001", "9" * 20])
def test_of_itself_tells_of_a_number_that_does_not_hold(jobs: str) -> None:
    said = of_itself([b"distcc=3.4", f"jobs={jobs}".encode(), b"cpus=4"])
    assert said == f"distcc 3.4 jobs {jobs} (not believed: 1 to 1000 would be)"
