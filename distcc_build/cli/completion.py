"""distcc-build completion: completion of the command line in the user's shell."""

import argparse

HELP = "print the completion script for a shell"
EXAMPLE = "distcc-build completion bash > ~/.local/share/bash-completion/completions/distcc-build"

SHELLS = ("bash", "zsh", "fish")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("shell", choices=SHELLS, help="which shell")


def run(args: argparse.Namespace) -> int:
    """Print the script, made from the parser itself."""
    import shtab

    from distcc_build.__main__ import parser

    print(shtab.complete(parser(), args.shell))
    return 0
