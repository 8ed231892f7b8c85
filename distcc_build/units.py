"""The two programs that prove a compiler: preprocessed, fixed, one in C and one in C++.

A compiler with another default option must give another object, and each line is there for
options that only it shows.  Two equal compilers must give the same bytes wherever they run:
the line marker keeps the name of the server's temporary file out of the symbol table, and
without -g the server's directory stays out too.
"""

import re

__all__ = ["NAME", "PUMP_OPTIONS", "arguments", "language", "pump_files", "source_name", "units"]

NAME = "distcc-build-probe"
"""Of every file that a probe sends, before its suffix; none of it gets into the object."""


def language(word: str) -> str:
    """Which unit proves a compiler, by its name: "c" or "c++".

    >>> [language(word) for word in ("gcc-12", "/usr/bin/c++", "x86_64-linux-gnu-g++-12")]
    ['c', 'c++', 'c++']
    """
    name = word.rpartition("/")[2]
    return "c++" if re.fullmatch(r".*\+\+(-[0-9.]+)?", name) else "c"


def units(word: str) -> tuple[bytes, ...]:
    """The sources that prove this compiler, the best first.

    The second is for C++ compilers that do not know C++11, or have no exceptions.
    """
    return (CXX, C) if language(word) == "c++" else (C,)


def source_name(word: str) -> str:
    """The file name of the unit.  It is in the server's log, so it says who asks."""
    return f"{NAME}.ii" if language(word) == "c++" else f"{NAME}.i"


def arguments(word: str) -> tuple[str, ...]:
    """The command line of the proof, without the compiler itself.

    -O2, as much of what a default changes shows only in optimized code.
    """
    return ("-O2", "-c", source_name(word), "-o", f"{NAME}.o")


# What shows which default (gcc 12 and clang 14, measured option by option):
#   any object          version (.comment), -fcf-protection, -ffunction-sections, unwind tables, -pg
#   "part", jump        -fPIE or not, -fno-jump-tables, -mindirect-branch, -fno-plt
#   data, tls, common   -fPIC, -mcmodel, -Wa,-mrelax-relocations, -fcommon, -fvisibility
#   char b[64]          -fstack-protector-*, -mno-red-zone, -ftrivial-auto-var-init
#   char b[20000]       -fstack-clash-protection
#   b[a] < 0, sizeof    -funsigned-char, -fshort-enums
#   order               -fwrapv, -fno-strict-aliasing, -fno-delete-null-pointer-checks
#   wide, maths         -mlong-double-64, -fno-math-errno, -ffast-math, -march, -mfma
#   part, loop          -fno-inline, -mtune, -falign-loops, -fno-ivopts, vectorizing
C = b"""\
# 1 "p.c"
extern double sqrt(double), floor(double); extern int use(const void *, ...);
extern int data __attribute__((weak)); extern __thread int tls; int common, none = 0;
enum small { ONE, TWO };
static int part(int a) { return use("part", a) + data * a; }
int text(int a) { char b[64]; return use(b) + tls + common + (b[a] < 0) + part(a) + part(4); }
int stack(void) { char b[20000]; return use(b, 0) + (int)sizeof(enum small); }
int order(int a, int *p, float *f) { int v = *p; *p = a + 1 > a; *f = 0; return p ? v + *p : 9; }
long double wide(long double x) { return x * 3; }
double maths(double x, double y, double z) { return sqrt(x) + floor(y) * z + x; }
int jump(long a, int (*f)(int)) {
    switch (a) { case 0: return f(7); case 1: return data; case 2: return common; case 3: return 9;
                 case 4: return tls; case 5: return 31; case 6: return __builtin_popcountl(f(3)); }
    return use("jump");
}
void loop(float *a, float *b, int n) { for (int i = 0; i < n; i++) a[i] = a[i] * b[i] + b[i]; }
"""

# And in C++ beside those:
#   call                -std (noexcept is part of the type in 17, u8"" another in 20)
#   wide                -faligned-new
#   local, global, once -fno-extern-tls-init, -fno-use-cxa-atexit, -fno-threadsafe-statics
#   kind                -fno-gnu-unique, -fno-weak
#   drop                -fno-sized-deallocation
#   keep, ask           -fno-exceptions, -fno-enforce-eh-specs, -fno-rtti
CXX = b"""\
# 1 "p.cc"
extern "C" { double sqrt(double), floor(double); int use(const void *, ...); }
extern int data __attribute__((weak));
struct base { virtual ~base(); virtual int get(); int n; };
struct other : base { other(int); ~other(); int get() override; };
other::~other() { use(this); } int other::get() { return n + data; }
struct alignas(64) wide { char c[64]; }; wide *make() { return new wide; }
extern thread_local other local; static other global(1); enum small { ONE, TWO };
template <class T> int kind(T *t) { static int calls; return use(t, calls++); }
int call(void (*f)() noexcept, other &o) { f(); return kind(u8"kind") + local.get() + o.n; }
int once(int n) { static other held(n); return held.get(); }
void drop(base *b, other *o, int (base::*p)()) { (b->*p)(); delete b; delete o; }
int keep(int n) { other o(n); char b[64];
    try { return use(b) + (b[n] < 0); } catch (int e) { return e; } }
int ask(base *b) { char c[20000]; return dynamic_cast<other *>(b) ? use(c) : int(sizeof(small)); }
double maths(double x, double y, long double z) { return sqrt(x) + floor(y) * x + y + z; }
int jump(int a, int *p, float *x, int (*f)(int)) {
    int v = *p; *x = 0;
    switch (a) { case 0: return f(7); case 1: return data; case 2: return *p;
                 case 3: return 9; case 4: return a + 1 > a; case 5: return 31; }
    return p ? f(v) + *p : v;
}
"""

PUMP_OPTIONS = ("-O2", "-c")
"""Of the proof for pump mode."""

PUMP_HEADER = f"{NAME}.h"
"""Of the files of the proof for pump mode, the one that the other includes."""

# What a server preprocesses takes all headers of the compiler and of the C library from there.
# That they are the same ones is seen by the versions that they give themselves, and sizes.
# None of it is const, which C++ would leave out of the object.
PUMP = b"""\
#include "distcc-build-probe.h"
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
char libc[] = TEXT(__GLIBC__) " " TEXT(__GLIBC_MINOR__);
char kernel[] = TEXT(LINUX_VERSION_CODE), compiler[] = TEXT(__VERSION__);
char library[] = TEXT(__GLIBCXX__) " " TEXT(_GLIBCXX_RELEASE) " " TEXT(_LIBCPP_VERSION);
unsigned long sizes[] = {sizeof(FILE), sizeof(time_t), BUFSIZ, RAND_MAX, PATH_MAX, MARK};
"""
INCLUDED = b"""\
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#ifdef __linux__
#include <linux/limits.h>
#include <linux/version.h>
#endif
#ifdef __cplusplus
#include <cstddef>
#endif
#define MARK 0x20050721
"""


def pump_files(word: str) -> dict[str, bytes]:
    """The files of the proof for pump mode, the one that is compiled first."""
    name = f"{NAME}.cc" if language(word) == "c++" else f"{NAME}.c"
    return {name: PUMP, PUMP_HEADER: INCLUDED}
