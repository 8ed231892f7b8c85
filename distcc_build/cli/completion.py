"""distcc-build completion: completion of the command line in the user's shell."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distcc_build.cli.parsing import Parser

HELP = "print the completion script for a shell"
EXAMPLE = "source <(distcc-build completion bash)"

SHELLS = ("bash", "zsh", "fish")

PROGRAMS = {
    "bash": "_distcc_build_programs",
    "zsh": "_command_names -e",
    "fish": "(__fish_complete_command)",
}
COMMAND_LINE = {
    "bash": "_distcc_build_programs",
    "zsh": "_distcc_build_command_line",
    "fish": "(_distcc_build_command_line)",
}
"""Behind `--`: what completes a command line of another program.  (In bash the function at the
script's end does, before anything else is looked at.)"""

SETTINGS = {
    "bash": "_distcc_build_settings",
    "zsh": "compadd -S '' -- @SETTINGS@",
    "fish": "@SETTINGS@",
}
"""NAME= for each option of the configuration."""

# Around shtab's script: the functions that are named above, and the completion of
# distcc-launch, behind which there is always another command line.
BEFORE = {
    "bash": r"""
_distcc_build_programs() { compgen -c -- "$1"; }
_distcc_build_settings() { compgen -W "@SETTINGS@" -- "$1"; }
""",
    "zsh": r"""
_distcc_build_command_line() {
  if [[ $words[1] == -- ]]; then
    shift words
    (( CURRENT-- ))
  fi
  _normal
}
compdef _precommand distcc-launch
""",
    "fish": r"""
function _distcc_build_command_line
  set -l typed (commandline -opc)
  if set -l at (contains -i -- -- $typed)
    set -e typed[1..$at]
  else
    set -e typed[1..2]
  end
  complete -C (string join ' ' -- (string escape -- $typed) (commandline -ct))
end
complete -c distcc-launch -x -a "(__fish_complete_subcommand)"
""",
}
AFTER = {
    "bash": r"""
# What bash-completion knows of the command whose name is word $1, or else files.
_distcc_build_command_line() {
  if declare -F _comp_command_offset >/dev/null; then
    _comp_command_offset "$1"
  elif declare -F _command_offset >/dev/null; then
    _command_offset "$1"
  elif (( COMP_CWORD == $1 )); then
    mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
  fi
}
_distcc_build() {
  local at
  if [[ ${COMP_WORDS[1]} == @(@BEHIND@) ]]; then
    for (( at = 2; at < COMP_CWORD; at++ )); do
      if [[ ${COMP_WORDS[at]} == -- ]]; then
        _distcc_build_command_line $(( at + 1 ))
        return
      fi
    done
  fi
  _shtab_distcc_build "$@"
  # Behind NAME= the value follows at once.
  if [[ ${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
}
_distcc_launch() { _distcc_build_command_line 1; }
complete -o bashdefault -o default -F _distcc_build distcc-build
complete -o bashdefault -o default -F _distcc_launch distcc-launch
""",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("shell", choices=SHELLS, help="which shell")


def run(args: argparse.Namespace) -> int:
    """Print the script, made from the parser itself."""
    import shtab

    from distcc_build.__main__ import parser
    from distcc_build.config import Config

    top = parser()
    behind = _say_what_completes(top)
    script = "\n".join(
        [
            shtab.complete(top, args.shell, preamble=BEFORE[args.shell]),
            AFTER.get(args.shell, ""),
        ]
    )
    # shtab 1.13 takes a script that is sourced for one that zsh loads at the first Tab.
    script = script.replace(
        "$zsh_eval_context[-1] == eval ]]", "$zsh_eval_context[-1] == (eval|file) ]]"
    )
    settings = " ".join(f"{name}=" for name in Config._fields)
    print(script.replace("@SETTINGS@", settings).replace("@BEHIND@", "|".join(behind)))
    return 0


def _say_what_completes(top: "Parser") -> list[str]:
    """Mark what stands for programs, files and settings, for shtab.

    :returns: the commands behind which another command line stands.
    """
    import shtab

    by_metavar: dict[object, Mapping[str, object]] = {
        "WORD": PROGRAMS,
        "FILE": shtab.FILE,
        "DIRECTORY": shtab.DIRECTORY,
        "NAME=VALUE": SETTINGS,
    }
    behind = []
    for name, parser in top.commands().items():
        for action in parser.actions():
            found = by_metavar.get(action.metavar)
            if action.nargs == argparse.REMAINDER:
                behind.append(name)
                found = COMMAND_LINE
            if found is not None:
                action.complete = found  # type: ignore[attr-defined]
    return behind
