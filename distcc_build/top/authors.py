"""Which process a state file speaks of, if that is still there."""

from collections.abc import Set as AbstractSet

from distcc_build.taskfile import Task
from distcc_build.top import processes

__all__ = ["author"]

SLACK = 2.0
"""Seconds by which the times of a file and of a process may differ."""


def author(task: Task, since: float, holders: AbstractSet[int], clock: float) -> int | None:
    """The client that wrote a state file.

    :param since: seconds since it was written.
    :param holders: the processes that have the lock of the slot named in it; 0 is one that has
        no number here, being in another PID namespace.
    :param clock: what `processes.clock` said.
    :returns: its number here, 0 where it has none; None if it has ended.
    """
    if task.pid in holders:
        return task.pid
    # In a container it has another number, or none: the lock tells that it is there.
    for one in holders:
        if one and processes.inner_pid(one) == task.pid:
            return one
    if 0 in holders and not processes.is_distcc(task.pid):
        return 0
    return task.pid if _lives(task.pid, since, clock) else None


def _lives(pid: int, since: float, clock: float) -> bool:
    """Whether a process that wrote of itself then is still there, and no other by its number."""
    age = processes.age(pid, clock)
    if age is None:
        return processes.process_alive(pid)
    # Either alone could mislead: the clock may have been set, and distcc may have another name.
    return age + SLACK >= since or processes.is_distcc(pid) is not False
