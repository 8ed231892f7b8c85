"""Whether a file is believed to be what the user wrote: who else could have written it.

The rules are those of ssh for its keys, in the form that Debian gives them.  File and folders
belong to this user or to root, and nobody else can write to them, but for the members of a
group that is the user's alone, and for a folder with the sticky bit.  Links are followed, since
people keep their settings elsewhere; what they lead to is held to the same rules.
"""

import grp
import os
import pwd
import stat
from collections.abc import Iterator

__all__ = ["distrust", "is_of_system"]


def distrust(path: str, found: os.stat_result, home: str) -> str | None:
    """Why a file is not believed, and what to do; None when it is.

    :param path: its name; absolute.
    :param found: of the file as it is open.
    :param home: the user's home; folders above it are not looked at, like those of others.
    """
    # Whoever owns the root is root, also where a user namespace gives it another number.
    owners = {0, os.stat("/").st_uid, os.geteuid()}
    for name, one in [(path, found), *_folders(path, home)]:
        if one.st_uid not in owners:
            return f"{name} belongs to {_user(one.st_uid)}, neither to you nor to root"
        if _writable_by_others(one):
            return f"{name} can be written by others (chmod go-w {name})"
    return None


def is_of_system(path: str) -> bool:
    """Whether nobody but root can have put a program there, or put another in its place.

    :param path: absolute.
    """
    owners = {0, os.stat("/").st_uid}
    try:
        found = [os.stat(path), *(one for _, one in _folders(path, ""))]
    except OSError:
        return False  # nothing is there
    return all(one.st_uid in owners and not _writable_by_others(one) for one in found)


def _folders(path: str, home: str) -> Iterator[tuple[str, os.stat_result]]:
    """The folders that lead to a file, by its name and behind all links."""
    tops = {"/", os.path.abspath(home), os.path.realpath(home)} if home.startswith("/") else {"/"}
    seen = set()
    for start in (path, os.path.realpath(path)):
        folder = start
        while folder not in tops:
            folder = os.path.dirname(folder)
            if folder not in seen:
                seen.add(folder)
                yield folder, os.stat(folder)


def _writable_by_others(found: os.stat_result) -> bool:
    sticky = found.st_mode & 0o1000 and stat.S_ISDIR(found.st_mode)
    if sticky or not found.st_mode & 0o022:
        return False
    return bool(found.st_mode & 0o002) or not _alone(found.st_uid, found.st_gid)


def _alone(uid: int, gid: int) -> bool:
    """Whether a group is one user's own (user private groups, with an umask of 002)."""
    try:
        user, group = pwd.getpwuid(uid), grp.getgrgid(gid)
    except KeyError:
        return False
    return group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
