"""Write the launcher's flag table in C.  Usage: flag_table.py FLAGS_PY OUTPUT_C."""

import importlib.util
import itertools
import sys
from pathlib import Path
from typing import Any

PARTS = 128
"""As FLAG_PARTS in flags.h."""


def main(flags_py: str, output: str) -> None:
    """Generate the table.

    :param flags_py: path of distcc_build/flags.py; by path, since the package is not
        installed when it is being built.
    :param output: path of the C file.
    """
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("flags", flags_py)
    if spec is None or spec.loader is None:
        sys.exit(f"{flags_py}: not a Python file")
    flags = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = flags
    spec.loader.exec_module(flags)
    parts: list[list[Any]] = [[] for _ in range(PARTS)]
    for row in flags.ROWS:
        other = 0 if row.kind in flags.VALUE_KINDS else 1
        parts[ord(row.text[1]) if row.kind in flags.OPTION_KINDS else other].append(row)
    rows = "".join(
        f"\t{{{row.kind.name}, {quote(row.text)}, {quote(row.value)}, {quote(row.reason)}}},\n"
        for row in itertools.chain(*parts)
    )
    starts = itertools.accumulate((len(part) for part in parts), initial=0)
    text = (
        "/* Generated from distcc_build/flags.py; change it there. */\n"
        "#include <stddef.h>\n"
        '#include <stdbool.h>\n#include "flags.h"\n\n'
        f"const char flag_no_input[] = {quote(flags.NO_INPUT)};\n"
        f"const char flag_no_value[] = {quote(flags.NO_VALUE)};\n"
        f"const char flag_several[] = {quote(flags.SEVERAL)};\n\n"
        f"const struct row flag_rows[] = {{\n{rows}}};\n\n"
        f"const unsigned short flag_parts[FLAG_PARTS + 1] = {{{', '.join(map(str, starts))}}};\n"
    )
    Path(output).write_text(text, encoding="utf-8")


def quote(text: str) -> str:
    """Turn text into a C string literal."""
    octal = "".join(f"\\{byte:03o}" if byte in b'"\\?' else chr(byte) for byte in text.encode())
    if not octal.isascii() or not octal.isprintable():
        sys.exit(f"flags.py: {text!r} is not printable ASCII")
    return f'"{octal}"'


if __name__ == "__main__":
    main(*sys.argv[1:])
