"""The distcc client: what a compile becomes."""

from distcc_build.client import find_client
from distcc_build.doctor.case import Case
from distcc_build.doctor.findings import Loss, Section, ok, problem

__all__ = ["look"]


def look(case: Case) -> Section:
    """Find it, and try it."""
    client = case.client = find_client(case.path, case.directory)
    if client.program is None:
        text, _, remedy = client.fault.removeprefix("distcc ").partition("; ")
        check = problem("distcc", text, remedy, Loss.ALL)
    elif client.fault:
        remedy = "mend this distcc, or put one of version 3.3 or newer before it on PATH"
        check = problem("distcc", client.fault, remedy, Loss.ALL)
    else:
        check = ok("distcc", f"{client.version}  {client.program}".lstrip())
    return Section("client", "distcc client", (check,))
