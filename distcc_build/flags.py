"""Command lines that stay on this machine, each with its reason.  Data for Python and for C.

The launcher's table is generated from ``ROWS`` at build time (integrations/launcher/flag_table.py),
and both scan in the same way: word by word, every word against all rows in their order; the
first row that matches gives the reason.  What distcc 3.4 does with each flag was measured, with
gcc 12 and clang 14, and is tested (tests/options).  A flag that distcc itself keeps local
(``-march=native``, ``--coverage``, ``-flto``, ...) needs no row: there the compile waits for one
of distcc's local slots, which it would not without distcc; distcc_rules.py knows those.

Standard library only, and nothing of this package: the build loads this file by its path.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import NamedTuple

__all__ = [
    "NO_INPUT",
    "NO_VALUE",
    "OPTION_KINDS",
    "ROWS",
    "SEVERAL",
    "VALUE_KINDS",
    "Kind",
    "Row",
    "why_local",
    "words_of",
]


class Kind(Enum):
    """What of a command line a row looks at."""

    WORD = "the word is this"
    PREFIX = "the word begins with this"
    VALUE = "this option has this value, joined or as the next word"
    ANY = "this option has a value, joined or as the next word"
    OUTPUT = "the value of -o ends with this"
    SUFFIX = "an input file ends with this"
    NAME = "the last component of an input file begins with this"
    PATH = "a file or the working directory is below this; * is the rest of a component"
    ENV = "a variable is set whose name begins with this"
    TAKES = "the word after this one is its value, not an input file; keeps nothing local"


OPTION_KINDS = frozenset({Kind.WORD, Kind.PREFIX, Kind.TAKES})
"""Rows about a word that is this option: only words with the same beginning matter to them."""
VALUE_KINDS = frozenset({Kind.VALUE, Kind.ANY, Kind.OUTPUT})
"""Rows about the value of an option; those of the other kinds are about files."""


class Row(NamedTuple):
    """One kind of command line that stays local."""

    kind: Kind
    text: str
    reason: str
    value: str = ""
    """Only for Kind.VALUE: the value of the option ``text``."""


NO_INPUT = "there is nothing to compile"
"""The reason for a command line without any input file, as ``gcc -v``."""

SEVERAL = "it compiles several files"
NO_VALUE = "its last option lacks its value"
"""The reason for more input files than one: distcc would take an object for the output."""


def why_local(argv: Sequence[str], cwd: str = "", environ: Iterable[str] = ()) -> str | None:
    """Why this command line is for the compiler itself; None when distcc may have it.

    :param argv: the compiler and its arguments.
    :param cwd: where it runs; empty when that is not known.
    :param environ: the names of the variables it is given.
    """
    names = tuple(environ)
    for row in ROWS:
        if row.kind is Kind.ENV and any(name.startswith(row.text) for name in names):
            return row.reason
        if row.kind is Kind.PATH and _below(row.text, f"{cwd}/"):
            return row.reason
    some_input, files, compiles, awaited = False, 0, False, False
    for previous, word, is_input in words_of(argv):
        some_input |= is_input
        # Without a suffix it is something for the linker.
        files += is_input and "." in word
        compiles |= word in {"-c", "-S"}
        awaited = not awaited and word in _TAKES_VALUE
        for row in ROWS:
            if _matches(row, previous, word, is_input=is_input):
                return row.reason
    if awaited:
        return NO_VALUE
    if files > 1 and compiles:
        return SEVERAL
    return None if some_input else NO_INPUT


def words_of(argv: Sequence[str]) -> Iterator[tuple[str, str, bool]]:
    """The word before, the word, and whether it names an input file; without the compiler."""
    previous, takes_value = "", False
    for word in argv[1:]:
        yield previous, word, not takes_value and (word == "-" or not word.startswith("-"))
        takes_value = not takes_value and word in _TAKES_VALUE
        previous = word


def _matches(row: Row, previous: str, word: str, *, is_input: bool) -> bool:
    match row.kind:
        case Kind.WORD:
            return word == row.text
        case Kind.PREFIX:
            return word.startswith(row.text)
        case Kind.VALUE:
            return word == row.text + row.value or (previous, word) == (row.text, row.value)
        case Kind.ANY:
            return previous == row.text or (word.startswith(row.text) and word != row.text)
        case Kind.OUTPUT:
            return word.endswith(row.text) and (previous == "-o" or word.startswith("-o"))
        case Kind.SUFFIX:
            return is_input and word.endswith(row.text)
        case Kind.NAME:
            return is_input and word.rpartition("/")[2].startswith(row.text)
        case Kind.PATH:
            return not word.startswith("-") and _below(row.text, word)
    return False


def _below(directory: str, path: str) -> bool:
    pattern = re.escape(directory).replace(r"\*", "[^/]*")
    return re.search(f"(?:^|/){pattern}/", path) is not None


def _rows(kind: Kind, reason: str, texts: str) -> tuple[Row, ...]:
    return tuple(Row(kind, text, reason) for text in texts.split())


def _values(option: str, reason: str, values: str) -> tuple[Row, ...]:
    return tuple(Row(Kind.VALUE, option, reason, value) for value in values.split())


_CHECK = "it is a configure check"
_NO_OBJECT = "it makes no object"
_LEFT_THERE = "distcc would leave a file that it writes on the server"
_REPORT = "what it prints would be about the server"
_MACROS = "distcc would precompile a header without its macros"
_FROM_PCH = "clang does not put what is in a precompiled header into preprocessed text"
_MODULES = "C++ modules and their maps are files of this machine"
_NATIVE = "native would mean the server's processor"
_NAMES = "what the server compiles has another name than the source"
_RECORDED = "the object would hold the server's command line"
_TEXT = "it changes the preprocessed text that distcc sends"
_AGAIN = "the server would apply it once more, to text that is preprocessed"
_FROM_HERE = "it reads a file of this machine that preprocessed text does not hold"
_SPELLING = "distcc does not know this spelling of an option that it has to change"
_RUNS_HERE = "it names a program or a plugin of this machine"
_DEVICES = "it compiles for other processors as well"
_LANGUAGE = "distcc does not know its language"
_VARIABLE = "a variable that the compiler reads would not be known on the server"

_ALL: tuple[Row, ...] = (
    # Configure checks: thousands of tiny compiles, often meant to fail.
    *_rows(
        Kind.PATH,
        _CHECK,
        "meson-private CMakeFiles/CMakeScratch CMakeFiles/CMakeTmp CMakeFiles/*/CompilerId*"
        " .sconf_temp",
    ),
    *_rows(Kind.NAME, _CHECK, "conftest."),
    # Meson tries a C++ standard in the system's temporary directory (Meson 1.12: cpp.py,
    # _test_cpp_std_arg); the object of each of its checks has this name.
    *_rows(Kind.OUTPUT, _CHECK, "/output.obj"),
    *_rows(Kind.WORD, _NO_OBJECT, "-E -M -MM -### -fsyntax-only --analyze --preprocess"),
    *_rows(Kind.WORD, _NO_OBJECT, "--dependencies --user-dependencies --version --target-help"),
    *_rows(Kind.PREFIX, _NO_OBJECT, "--help -help --completion -print- --print- -fself-test="),
    *_rows(Kind.WORD, _NO_OBJECT, "-fhelp -fversion -version -extract-api -module-file-info"),
    # Not the prefix -dump: -dumpbase and -dumpdir go with ordinary compiles (gcc 11).
    *_rows(Kind.WORD, _NO_OBJECT, "-dumpfullversion -dumpmachine -dumpspecs -dumpversion"),
    *_rows(Kind.PREFIX, _NO_OBJECT, "-ccc-print- -rewrite- -emit-interface-stubs -emit-merged-ifs"),
    *_rows(Kind.PREFIX, _NO_OBJECT, "-verify-pch --verify-pch --migrate -objcmt- -arcmt- -ccc-"),
    # Files beside the object.  distcc#225: the .o even names /tmp/distccd_*.dwo.
    *_rows(Kind.PREFIX, _LEFT_THERE, "-gsplit-dwarf -save-temps --save-temps -fdump- --dump"),
    *_rows(Kind.PREFIX, _LEFT_THERE, "-fcallgraph-info -fstack-usage -aux-info --aux-info"),
    *_rows(Kind.PREFIX, _LEFT_THERE, "-fsave-optimization-record -foptimization-record-"),
    *_rows(Kind.PREFIX, _LEFT_THERE, "-fopt-info -ftime-trace -save-stats --save-stats"),
    *_rows(Kind.PREFIX, _LEFT_THERE, "-fproc-stat-report -MJ -gen-cdb-fragment-path -index-"),
    *_rows(Kind.PREFIX, _LEFT_THERE, "-serialize-diagnostics --serialize-diagnostics -dumpdir"),
    *_rows(Kind.PREFIX, _LEFT_THERE, "-fdiagnostics-format=json-file -fdiagnostics-format=sarif-"),
    *_rows(Kind.PREFIX, _LEFT_THERE, "-fthin-link-bitcode= -gen-reproducer -fcrash-diagnostics-"),
    *_rows(Kind.PREFIX, _LEFT_THERE, "-dependency-dot -dependency-file -module-dependency-dir"),
    *_rows(Kind.PREFIX, _LEFT_THERE, "-fprofile-note -coverage -fvtv- -fwpa --profile-arcs"),
    *_rows(Kind.PREFIX, _LEFT_THERE, "--test-coverage -emit-ast -emit-llvm --emit-llvm -fltrans"),
    # -d and letters; but -dumpbase, and what is none of these letters.
    *_rows(Kind.PREFIX, _LEFT_THERE, "-da -dA -dD -dH -dI -dM -dN -dP -dU -dp -dx -dsym-dir"),
    # What is handed on to an inner program may name files of its own.
    *_rows(Kind.PREFIX, _LEFT_THERE, "-Xassembler -Xclang -mllvm --for-assembler -Xpreprocessor"),
    *_rows(Kind.PREFIX, _LEFT_THERE, "-Wa,-a -Wa,--MD -Wa,-MD -Wa,--listing -Wa,--statistics"),
    *_rows(Kind.WORD, _REPORT, "-v --verbose -Q -H --trace-includes"),
    *_rows(Kind.PREFIX, _REPORT, "-time -ftime-report -Rpass"),
    *_rows(Kind.PREFIX, _REPORT, "-fmem-report -fpre-ipa-mem- -fpost-ipa-mem- -fstats"),
    *_rows(Kind.PREFIX, _REPORT, "-fdbg-cnt-list -mdump-tune-features -fdiagnostics-show-hotness"),
    *_rows(Kind.PREFIX, _REPORT, "-fdiagnostics-format=json -fshow-skipped-includes"),
    # The .gch that comes back lacks all macros, and any later local compile fails on it.
    *_values("-x", _MACROS, "c-header c++-header objective-c-header objective-c++-header"),
    *_values("-x", _MACROS, "c++-system-header c++-user-header"),
    *_rows(Kind.OUTPUT, _MACROS, ".gch .pch"),
    *_rows(Kind.PREFIX, _MACROS, "-emit-pch -relocatable-pch --output-pch"),
    # gcc's own list of header suffixes.
    *_rows(Kind.SUFFIX, _MACROS, ".h .hh .hp .hpp .hxx .h++ .H .HPP .tcc"),
    *_rows(Kind.PREFIX, _FROM_PCH, "-include-pch -fpch-preprocess"),
    *_rows(Kind.PREFIX, _MODULES, "-fmodule -fprebuilt-module -fdeps- --precompile -fcxx-modules"),
    *_rows(Kind.PREFIX, _MODULES, "-fimplicit-module -fbuiltin-module -fprebuilt-implicit-modules"),
    *_rows(Kind.PREFIX, _MODULES, "-emit-module -fbuild-session-file -fapinotes"),
    *_values("-x", _MODULES, "c++-module pcm"),
    *_rows(Kind.OUTPUT, _MODULES, ".pcm"),
    # CMake hands clang's module flags over in a response file: @CMakeFiles/.../x.cpp.o.modmap
    *_rows(Kind.SUFFIX, _MODULES, ".cppm .ixx .cxxm .c++m .ccm .mxx .mpp .modmap .pcm"),
    # distcc looks for the words -o, -c and -S only, and then sends or writes the wrong thing.
    *_rows(Kind.PREFIX, _SPELLING, "--output -o= --driver-mode"),
    *_rows(Kind.WORD, _SPELLING, "--compile --assemble -- -Wp,-M -Wp,-MM -Wp,-MD -Wp,-MMD"),
    *_values("-MF", _SPELLING, "- /dev/stdout /dev/stderr"),
    # The server compiles distccd_XXXX.i; with a language given by that name, coverage too.
    *_rows(Kind.ANY, _NAMES, "-x"),
    *_rows(Kind.PREFIX, _NAMES, "-ObjC --language -fcoverage-mapping -fprofile-instr-generate"),
    *_rows(Kind.PREFIX, _RECORDED, "-frecord-command-line -frecord-gcc-switches -fembed-bitcode"),
    *_rows(Kind.WORD, _RECORDED, "-fverbose-asm -grecord-command-line"),
    # Without line markers, with comments, converted twice, or refused in an ordinary compile.
    *_rows(Kind.WORD, _TEXT, "-P -C -CC -traditional --traditional -fpreprocessed"),
    *_rows(Kind.WORD, _TEXT, "-fdirectives-only -fno-preprocessed --no-line-commands"),
    *_rows(Kind.PREFIX, _TEXT, "-fuse-line-directives -fminimize-whitespace -frewrite-includes"),
    *_rows(Kind.PREFIX, _TEXT, "-fdebug-cpp -fno-debug-cpp -Wp,-P -Wp,-C -Wp,-d -Wp,-f --comments"),
    *_rows(Kind.PREFIX, _AGAIN, "-finput-charset"),
    # Lists, profiles, and options in files.
    *_rows(Kind.PREFIX, _FROM_HERE, "-fsanitize-ignorelist= -fsanitize-blacklist="),
    *_rows(Kind.PREFIX, _FROM_HERE, "-fsanitize-system-ignorelist= -fsanitize-system-blacklist="),
    *_rows(
        Kind.PREFIX, _FROM_HERE, "-fsanitize-coverage-allowlist= -fsanitize-coverage-ignorelist="
    ),
    *_rows(
        Kind.PREFIX, _FROM_HERE, "-fsanitize-coverage-whitelist= -fsanitize-coverage-blacklist="
    ),
    *_rows(Kind.PREFIX, _FROM_HERE, "-fprofile-sample-use -fauto-profile -fprofile-instr-use"),
    *_rows(Kind.PREFIX, _FROM_HERE, "-fprofile-list= -fprofile-remapping-file -fthinlto-index="),
    *_rows(Kind.PREFIX, _FROM_HERE, "-fbranch-probabilities -fbasic-block-sections=list="),
    *_rows(Kind.PREFIX, _FROM_HERE, "-fxray-always-instrument= -fxray-attr-list= -Wa,@ -Wa,-I"),
    *_rows(Kind.PREFIX, _FROM_HERE, "--config -fembed-offload-object= -frewrite-map-file"),
    *_rows(Kind.PREFIX, _FROM_HERE, "-working-directory -fdepfile-entry= -fxray-never-instrument="),
    # -march=native and -mtune=native are known to distcc, these are not.
    *_rows(Kind.PREFIX, _NATIVE, "-mcpu=native -march=native+ -mtune=native+ --machine"),
    # Refused by distccd, or another program there: each such compile would fail there first.
    *_rows(Kind.PREFIX, _RUNS_HERE, "-fplugin -fpass-plugin -iplugindir -wrapper --wrapper -load"),
    *_rows(Kind.PREFIX, _RUNS_HERE, "-B --prefix --specs -resource-dir --gcc-toolchain"),
    *_rows(Kind.WORD, _RUNS_HERE, "-specs -gcc-toolchain"),
    *_rows(Kind.PREFIX, _DEVICES, "--cuda- --hip- --offload -foffload -fopenmp-targets -Xopenmp-"),
    *_rows(Kind.PREFIX, _DEVICES, "-Xarch_ -Xcuda- -fcuda- -fsycl -cl- --rocm-"),
    *_rows(Kind.SUFFIX, _DEVICES, ".cu .cui .hip .hipi .cl .clcpp .ispc"),
    *_rows(Kind.SUFFIX, _LANGUAGE, ".f .F .for .FOR .ftn .FTN .fpp .FPP .f90 .F90 .f95 .F95"),
    *_rows(Kind.SUFFIX, _LANGUAGE, ".f03 .F03 .f08 .F08 .adb .ads .d .di .dd .go .ll .bc .ast .rs"),
    # The server has an environment of its own.
    *_rows(Kind.ENV, _VARIABLE, "CC_PRINT_ CC_LOG_ CCC_OVERRIDE_ CCC_ADD_ COMPILER_PATH"),
    *_rows(Kind.ENV, _VARIABLE, "GCC_EXEC_PREFIX GCC_EXTRA_ GCC_COMPARE_ FORCE_CLANG_"),
    *_rows(Kind.TAKES, "", "-o -x -A -B -D -F -G -I -L -T -U -e -l -u -z -MF -MJ -MQ -MT -b"),
    *_rows(Kind.TAKES, "", "-include -imacros -include-pch -idirafter -iquote -isystem -isysroot"),
    *_rows(Kind.TAKES, "", "-cxx-isystem -iwithsysroot --sysroot -iprefix -iwithprefix -imultilib"),
    *_rows(Kind.TAKES, "", "-iwithprefixbefore -imultiarch -isystem-after -stdlib++-isystem"),
    *_rows(Kind.TAKES, "", "-iframework -iframeworkwithsysroot -framework -ivfsoverlay -rpath"),
    *_rows(Kind.TAKES, "", "-working-directory -resource-dir -Xlinker -Xassembler -Xpreprocessor"),
    *_rows(Kind.TAKES, "", "-Xclang -Xanalyzer -mllvm -arch -target --param -aux-info -wrapper"),
    *_rows(Kind.TAKES, "", "-dumpbase -dumpbase-ext -dumpdir -index-store-path -specs --specs"),
    *_rows(
        Kind.TAKES, "", "-serialize-diagnostics --serialize-diagnostics --config -dependency-file"
    ),
    *_rows(Kind.TAKES, "", "-dependency-dot -gen-cdb-fragment-path -mthread-model --include"),
    *_rows(
        Kind.TAKES, "", "--imacros --include-directory --include-directory-after --define-macro"
    ),
    *_rows(Kind.TAKES, "", "--undefine-macro --assert --prefix --language --output --entry"),
    *_rows(Kind.TAKES, "", "--include-prefix --include-with-prefix --include-with-prefix-after"),
    *_rows(Kind.TAKES, "", "--include-with-prefix-before --library-directory --for-assembler"),
    *_rows(Kind.TAKES, "", "--for-linker --dumpbase --dumpbase-ext --dumpdir --undefine"),
)

# gcc takes --X for -fX where it knows no other option of that name (gcc/opts-common.cc).
_KNOWN = {row.text for row in _ALL}
_LONG = tuple(
    row._replace(text=long)
    for row in _ALL
    if row.kind in {Kind.WORD, Kind.PREFIX} and row.text.startswith("-f")
    if (long := f"--{row.text.removeprefix('-f')}") not in _KNOWN
)

# In this order C finds the same row first, though it does not try every row for every word.
ROWS: tuple[Row, ...] = tuple(sorted((*_ALL, *_LONG), key=lambda row: row.kind not in VALUE_KINDS))

_TAKES_VALUE = frozenset(row.text for row in ROWS if row.kind is Kind.TAKES)
