"""What a file includes: more than the preprocessor sees, and nothing less."""

import pytest

from distcc_build.pump.includes import Include, is_standard, read_includes

A = (Include("a.h", quoted=True),)


@pytest.mark.parametrize(
    "text",
    [
        b'#include "a.h"',
        b'  #  include\t"a.h" // why',
        b'/* x */ # /* y\n */ include /**/ "a.h"',
        b'#inc\\\nlude "a.h"',
        b'#inc\\ \r\nlude "a.h"',
        b'%:include "a.h"',
        b'??=include "a.h"',
        b'#include"a.h"\n#include "a.h"',
        b'#if 0\n#include "a.h"\n#endif',
        b'// #include "a.h"',
    ],
)
def test_every_way_to_write_it_is_found(text: bytes) -> None:
    assert read_includes(text) == A


def test_names_in_order_once_and_by_kind() -> None:
    text = b'#include <b/c.h>\n#include "a.h"\n#include <a.h>\n#include "\xff.h"\n'
    assert read_includes(text) == (
        Include("b/c.h", quoted=False),
        Include("a.h", quoted=True),
        Include("a.h", quoted=False),
        Include("\udcff.h", quoted=True),
    )
    assert read_includes(b"int include; /* include */\n#define includes\n") == ()


@pytest.mark.parametrize(
    "text",
    [
        b"#include HEADER",
        b"#include_next <a.h>",
        b"#import <a.h>",
        b'#embed "a.bin"',
        b'#include ""',
        b"const char *day = __DATE__;",
        b"__TI\\\nME__",
        b"#if __has_include(<a.h>)",
        b'__asm__(".incbin \\"a\\"");',
        b'#pragma GCC dependency "a"',
        b"__BASE_FILE__",
    ],
)
def test_what_only_a_preprocessor_here_can_tell(text: bytes) -> None:
    assert isinstance(read_includes(text), str)


def test_headers_that_every_proved_server_has() -> None:
    assert all(map(is_standard, ("stdio.h", "sys/types.h", "vector", "immintrin.h")))
    assert not any(map(is_standard, ("zlib.h", "boost/any.hpp", "linux/elf.h", "stdio", "x.h")))
