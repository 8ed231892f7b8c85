"""The commands of distcc-build: which there are, and in which module each lives."""

# Name on the command line -> module of this package.  Modules are imported only
# when their command is used: `distcc-build cc` stands in a Makefile's $(shell).
COMMANDS = {
    "hosts": "hosts",
    "jobs": "jobs",
    "cc": "cc",
    "refresh": "refresh",
    "explain": "explain",
    "why": "why",
    "servers": "servers",
    "check": "check",
    "doctor": "doctor",
    "top": "top",
    "run": "run",
    "stats": "stats",
    "farm": "farm",
    "zone": "zone",
    "setup": "setup",
    "cmakedir": "cmakedir",
    "cmake-include": "cmake_include",
    "meson-native": "meson_native",
    "makefile": "makefile",
    "schema": "schema",
    "completion": "completion",
}
