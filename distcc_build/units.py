"""The two programs that prove a compiler: preprocessed, fixed, one in C and one in C++.

A compiler with another default option must give another object, and each line is there for
options that only it shows.  Two equal compilers must give the same bytes wherever they run:
the line marker keeps the name of the server's temporary file out of the symbol table, and
without -g the server's directory stays out too.
"""

import re

__all__ = ["arguments", "language", "suffix", "unit"]


def language(word: str) -> str:
    """Which unit proves a compiler, by its name: "c" or "c++".

    >>> [language(word) for word in ("gcc-12", "/usr/bin/c++", "x86_64-linux-gnu-g++-12")]
    ['c', 'c++', 'c++']
    """
    name = word.rpartition("/")[2]
    return "c++" if re.fullmatch(r".*\+\+(-[0-9.]+)?", name) else "c"


def suffix(word: str) -> str:
    """Of a preprocessed file in the language of this compiler, dot included."""
    return ".ii" if language(word) == "c++" else ".i"


def unit(word: str) -> bytes:
    """The source that proves this compiler."""
    return CXX if language(word) == "c++" else C


def arguments(word: str) -> tuple[str, ...]:
    """The command line of the proof, without the compiler itself.

    -O2, as much of what a default changes shows only in optimized code.
    """
    return ("-O2", "-c", f"p{suffix(word)}", "-o", "p.o")


C = b"""\
# 1 "p.c"
extern double sqrt(double), floor(double);
extern int use(void *, const char *), data;
extern __thread int tls;
int common; enum small { ONE, TWO };
int text(int a) { char b[64]; return use(b, "text") + data + tls + common + (b[a] < 0); }
int stack(void) { char b[20000]; return use(b, 0) + (int)sizeof(enum small); }
int order(int a, int *p, float *f) { int v = *p; *p = a + 1 > a; *f = 0; return p ? v + *p : 9; }
double maths(double x, double y, double z) { return sqrt(x) + floor(y) * z + x; }
int jump(int a, int (*f)(int)) {
    switch (a) { case 0: return f(7); case 1: return data; case 2: return common; case 3: return 9;
                 case 4: return tls; case 5: return a * 31; case 6: return f(a) + 1; }
    return use(f, "jump");
}
void loop(float *a, float *b, int n) { for (int i = 0; i < n; i++) a[i] = a[i] * b[i] + b[i]; }
"""

CXX = b"""\
# 1 "p.cc"
struct base { virtual ~base(); virtual int get(); }; struct other : base { ~other(); int get(); };
extern other make(); extern int use(const char *, int *); extern thread_local int tls;
void call(void (*)() noexcept);
"""
