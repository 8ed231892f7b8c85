"""The lists of compiler options in tests/options, and the files that their lines compile."""

import os
import shlex
from pathlib import Path
from typing import NamedTuple

__all__ = ["LINES", "Line", "write_files"]

LISTS = Path(__file__).parent / "options"


class Line(NamedTuple):
    """One line of a list; tests/options/gcc says what it means."""

    verdict: str
    variables: dict[str, str]
    words: list[str]
    text: str

    @property
    def expanded(self) -> list[str]:
        """The words, with those of response files in their place."""
        return [
            word
            for one in self.words
            for word in (shlex.split(FILES[one[1:]]) if one.startswith("@") else [one])
        ]


def _line(text: str) -> Line:
    verdict, *words = shlex.split(text)
    variables = {}
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        variables[name] = value
    if words[-1] == "...":
        words[-1:] = ["-c", "a.cc" if words[0].endswith("++") else "a.c", "-o", "a.o"]
    return Line(verdict, variables, words, text)


LINES = [
    _line(text)
    for name in ("gcc", "clang")
    for text in (LISTS / name).read_text("utf-8").splitlines()
    if text and not text.startswith("#")
]

_C = r"""#include "h.h"
#ifndef ONE
#define ONE 1
#endif
/* a comment */
int a = K;
static inline int square(int x) { return x * x; }
float sum(const float *p, int n) {
  float s = 0;
  for (int i = 0; i < n; i++) s += p[i] * 2;
  return s;
}
int f(int n) {
  char b[64];
  b[n & 63] = (char)n;
  switch (n) {
    case 0: return 5;
    case 1: return 7;
    case 2: return 9;
    case 3: return 11;
    case 4: return -3;
  }
  return b[(n + 1) & 63] + square(n) + ONE;
}
const char *where(void) { return __FILE__; }
"""
_CXX = r"""
struct S { virtual ~S(); virtual int g(); int x; };
S::~S() {}
int S::g() { return x; }
template <class T> T twice(T t) { return t + t; }
int use() { static S s; try { return twice(s.g()); } catch (...) { return 1; } }
"""

FILES = {
    "h.h": "#define K 1\n",
    "inc/i.h": "#define I 1\n",
    "a.c": _C,
    "a.cc": _C + _CXX,
    "b.c": "int b;\n",
    "b.cc": "int b(int n) { return n + 1; }\n",
    "a.i": '# 1 "a.c"\nint a;\n',
    "bare.i": "int a;\n",
    "a.ii": '# 1 "a.cc"\nint a;\n',
    "a.s": ".globl x\nx: ret\n",
    "a.S": "#define X x\n.globl X\nX: ret\n",
    "b.s": ".globl y\ny: ret\n",
    "b.o": "not of this compile\n",
    "a.f90": "end\n",
    "a.cu": "int a;\n",
    "a.cl": "int f(int x) { return x; }\n",
    "a.ll": "@x = global i32 1\n",
    "none.x": "",
    "mod.cc": "export module m;\nexport int f() { return 1; }\n",
    "bad.c": "int f( {\n",
    "warn.c": '#include "h.h"\nint f(void) { int unused; return K; }\n',
    "incbin.c": '__asm__(".section .rodata\\n.incbin \\"h.h\\"\\n.text");\nint x;\n',
    "member.c": "struct s { int include; };\nint f(struct s s) { return s.include + 1; }\n",
    "sp ace.c": "int sp;\n",
    "latin.c": 'const char *s = "\xe9\xe8";\n',
    "names.txt": "fun:g\n",
    "pr.prof": "g:10:10\n 1: 5\n",
    "o.specs": "*cc1:\n+ -fno-ident\n\n",
    "c.cfg": "-DONE=2\n",
    "module.modulemap": 'module M { header "h.h" }\n',
    "one.rsp": "-DONE=3 '-O2'\n",
    "stack.rsp": "-DONE=3 -fstack-usage\n",
    "all.rsp": "-c a.c\n-o out/q.o\n",
    "dashes.rsp": "-c -o a.o -- a.c\n",
}


def write_files(folder: Path) -> None:
    """Write what the lines compile; as old as it is, it is the same each time."""
    for one in ("out", "sub", "inc"):
        (folder / one).mkdir(parents=True)
    (folder / "out/null").symlink_to(os.devnull)
    for name, text in FILES.items():
        (folder / name).write_text(text, "latin-1")
        # Precompiled headers and clang's debug information hold times.
        os.utime(folder / name, (1_000_000_000, 1_000_000_000))
