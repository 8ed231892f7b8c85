"""Every error that reaches a user, with the exit status it ends in."""

__all__ = [
    "ConfigError",
    "DistccBuildError",
    "HostsError",
    "NotFoundError",
    "PlanError",
    "UsageError",
]


class DistccBuildError(Exception):
    """Something the user can mend; its text is one line that says what to do."""

    exit_code = 1


class UsageError(DistccBuildError):
    """A command line that cannot be carried out."""

    exit_code = 2


class ConfigError(DistccBuildError):
    """A configuration file or option that cannot be used."""

    exit_code = 3


class HostsError(DistccBuildError):
    """A hosts list, or a token in it, that distcc would drop, hang on or misread."""

    exit_code = 4


class NotFoundError(DistccBuildError):
    """A program or an installed file that is needed is not there."""

    exit_code = 5


class PlanError(DistccBuildError):
    """A plan that cannot be written, or bytes that are not a plan."""

    exit_code = 6
