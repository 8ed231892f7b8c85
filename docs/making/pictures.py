"""Pictures of what the commands print, made by running them on a farm on this machine."""

from pathlib import Path


def draw(folder: Path) -> None:
    """Make every picture anew."""
    folder.mkdir(exist_ok=True)
