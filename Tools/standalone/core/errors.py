"""Errors that are reported to the user.

They are raised where the problem is found and caught only in
``__main__``.  Any other exception is a bug in the tools.
"""

from pathlib import Path


class StandaloneError(Exception):
    """An error message, with an optional hint on how to fix the problem.

    *log* is the file whose last lines explain the failure.  ``exit_code``
    is the exit status of the command.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None,
                 log: Path | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.log = log


class UsageError(StandaloneError):
    """An invalid request: an unknown name, a missing tool, a wrong tree."""

    exit_code = 2


class FetchError(StandaloneError):
    """A source cannot be fetched, or does not match its pinned hash."""

    exit_code = 3


class BuildError(StandaloneError):
    """A failed command, or an expected module that was not built."""

    exit_code = 4


class StageFailed(BuildError):
    """A failure of a stage run by make, which has already reported it."""

    def __init__(self, exit_code: int) -> None:
        super().__init__("a stage failed")
        self.exit_code = exit_code


class ValidationError(StandaloneError):
    """The finished tree breaks a rule of policy.toml."""

    exit_code = 5
