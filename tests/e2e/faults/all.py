"""The list of all faults."""

from e2e.faults.daemons import SERVERS
from e2e.faults.kept import FILES
from e2e.faults.names import NAMES
from e2e.faults.process import PROCESS
from e2e.faults.scene import Fault

__all__ = ["FAULTS"]

FAULTS: list[Fault] = [*PROCESS, *NAMES, *SERVERS, *FILES]
