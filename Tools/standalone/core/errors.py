"""Errors that are the user's to read.

Raised where the fact is known, caught only in ``__main__``.  Any other
exception is a bug of ours.
"""

from pathlib import Path


class StandaloneError(Exception):
    """One clear line for the user, and what to do about it.

    *log* names the file whose last lines explain the failure.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None,
                 log: Path | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.log = log


class UsageError(StandaloneError):
    """The request cannot be met: unknown name, missing tool, wrong tree."""

    exit_code = 2


class FetchError(StandaloneError):
    """A source could not be had, or is not what was pinned."""

    exit_code = 3


class BuildError(StandaloneError):
    """A command failed, or a module that was expected was not built."""

    exit_code = 4


class StageFailed(BuildError):
    """A stage that make ran has failed, and has said why."""

    def __init__(self, exit_code: int) -> None:
        super().__init__("a stage failed")
        self.exit_code = exit_code


class ValidationError(StandaloneError):
    """The finished tree breaks a rule of policy.toml."""

    exit_code = 5
