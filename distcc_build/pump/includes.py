"""Which headers a source asks for, and whether they are ones that every server has.  Pure text.

More is seen than the preprocessor sees: nothing is left out that a comment or an #if leaves out.
"""

import re
from typing import NamedTuple

__all__ = ["ELSEWHERE", "Include", "is_standard", "read_includes"]

# A directive may be split over lines, have comments inside and begin with other characters.
_GAP = rb"(?:[ \t\f\v\r]|/\*.*?\*/)*"
_DIRECTIVE = re.compile(
    rb"(?:#|%:|\?\?=)"
    + _GAP
    + rb"(include\w*|import|embed|__include_macros)\b"
    + _GAP
    + rb'(?:"([^"\n]*)"|<([^>\n]*)>)?',
    re.DOTALL,
)
_SPLICE = re.compile(rb"(?:\\|\?\?/)[ \t]*\r?\n")
ELSEWHERE = re.compile(
    rb"__DATE__|__TIME__|__TIMESTAMP__|__BASE_FILE__|__has_include|__has_embed|\bincbin\b"
    rb"|\bGCC\s+dependency\b|\bpch_preprocess\b|\binclude_alias\b"
)
"""What is another thing on another machine, or says what a file there is to be."""

_STANDARD = """
assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign
stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar
wchar wctype
aio arpa/inet dirent dlfcn fcntl fmtmsg fnmatch ftw glob grp iconv langinfo libgen monetary mqueue
net/if netdb netinet/in netinet/tcp nl_types poll pthread pwd regex sched search semaphore spawn
strings sys/ipc sys/mman sys/msg sys/resource sys/select sys/sem sys/shm sys/socket sys/stat
sys/statvfs sys/time sys/times sys/types sys/uio sys/un sys/utsname sys/wait syslog tar termios
ulimit unistd utime utmpx wordexp
alloca byteswap elf endian err error execinfo features fts getopt ifaddrs link malloc memory mntent
net/ethernet netinet/ip paths pty sys/auxv sys/cdefs sys/epoll sys/eventfd sys/file sys/inotify
sys/ioctl sys/mount sys/param sys/poll sys/prctl sys/ptrace sys/queue sys/random sys/sendfile
sys/signal sys/signalfd sys/statfs sys/syscall sys/sysinfo sys/sysmacros sys/timerfd sys/unistd
sys/vfs sys/xattr syscall sysexits ucontext values
cpuid emmintrin immintrin mmintrin nmmintrin pmmintrin smmintrin tmmintrin wmmintrin x86intrin
xmmintrin
"""
_CXX = """
algorithm any array atomic barrier bit bitset cassert ccomplex cctype cerrno cfenv cfloat charconv
chrono cinttypes ciso646 climits clocale cmath codecvt compare complex concepts condition_variable
coroutine csetjmp csignal cstdalign cstdarg cstdbool cstddef cstdint cstdio cstdlib cstring ctgmath
ctime cuchar cwchar cwctype cxxabi.h deque exception execution expected filesystem format
forward_list fstream functional future generator initializer_list iomanip ios iosfwd iostream
istream iterator latch limits list locale map mdspan memory memory_resource mutex new numbers
numeric optional ostream print queue random ranges ratio regex scoped_allocator semaphore set
shared_mutex source_location span spanstream sstream stack stacktrace stdexcept stdfloat stop_token
streambuf string string_view strstream syncstream system_error thread tuple type_traits typeindex
typeinfo unordered_map unordered_set utility valarray variant vector version
"""
_NAMES = frozenset([*(f"{one}.h" for one in _STANDARD.split()), *_CXX.split()])


class Include(NamedTuple):
    """One #include."""

    name: str
    quoted: bool
    """Looked for beside the file itself first."""


def is_standard(name: str) -> bool:
    """Whether a header belongs to the compiler or the C library, of which servers are proved.

    >>> [is_standard(name) for name in ("stdio.h", "vector", "openssl/ssl.h")]
    [True, True, False]
    """
    return name in _NAMES


def read_includes(text: bytes) -> tuple[Include, ...] | str:
    r"""What a file includes, or why only a preprocessor here can tell.

    >>> read_includes(b'#include "a.h"\n # include <b.h>')
    (Include(name='a.h', quoted=True), Include(name='b.h', quoted=False))

    :param text: the file; names that are not UTF-8 come back with surrogates.
    """
    joined = _SPLICE.sub(b"", text)
    if found := ELSEWHERE.search(joined):
        return f"{found[0].decode('ascii', 'replace')} means something else on a server"
    includes: dict[Include, None] = {}
    for found in _DIRECTIVE.finditer(joined):
        word, quoted, angled = found.groups()
        name = quoted if quoted is not None else angled
        if word != b"include" or not name:
            return f"#{word.decode('ascii', 'replace')} of what is only known while preprocessing"
        includes[Include(name.decode("utf-8", "surrogateescape"), quoted is not None)] = None
    return tuple(includes)
