"""How a Python is run: here, through a runner, or by one that stands in.

    native(python)                         what was built for this machine
    through(("qemu-aarch64-static", "-L", SYSROOT), python)
                                           what another program can run
    stand_in(build_python, target)         what nothing here can run

The third is how CPython builds itself for another machine
(--with-build-python): a Python of this machine and of the same version
answers for the other one.  It does so for what sysconfig and the library
say, byte-compiles and installs pip; what is compiled into an interpreter
(sys.builtin_module_names, the suffixes of extensions) is its own.
https://docs.python.org/3/using/configure.html#cross-compiling-options
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from standalone.core.model import Command
from standalone.core.process import environment, output


@dataclass(frozen=True)
class SysconfigOf:
    """The Python that another one stands in for."""

    data: Path                   # its _sysconfigdata_*.py
    platform: str                # its sysconfig.get_platform()
    base: Path                   # its build directory, or its bin/

    @property
    def variables(self) -> dict[str, str]:
        """The environment in which sysconfig answers for it.

        These are what CPython's configure puts into PYTHON_FOR_BUILD.
        The directory is named twice: versions that do not know
        _PYTHON_SYSCONFIGDATA_PATH import the module from sys.path.
        """
        return {"_PYTHON_SYSCONFIGDATA_NAME": self.data.stem,
                "_PYTHON_SYSCONFIGDATA_PATH": str(self.data.parent),
                "_PYTHON_HOST_PLATFORM": self.platform,
                "_PYTHON_PROJECT_BASE": str(self.base),
                "PYTHONPATH": str(self.data.parent)}


@dataclass(frozen=True)
class Interpreter:
    """A Python that can be run on this machine."""

    program: Path
    runner: tuple[str, ...] = ()         # words in front of it
    env: Mapping[str, str] = field(default_factory=dict)
    # No configuration or site-packages of the user's, nor a directory
    # that happens to be the current one.
    isolated: tuple[str, ...] = ("-I",)

    def argv(self, *arguments: str) -> tuple[str, ...]:
        """Return the words that run it with *arguments*."""
        return (*self.runner, str(self.program), *arguments)

    def command(self, *arguments: str, cwd: Path,
                env: Mapping[str, str] = {}) -> Command:
        """Return the command that runs it with *arguments*."""
        return Command(self.argv(*arguments), cwd, {**self.env, **env})

    def script(self, *arguments: str, cwd: Path) -> Command:
        """Return the command that runs a file of ours, isolated."""
        return self.command(*self.isolated, "-B", *arguments, cwd=cwd)

    def prints(self, *arguments: str, env: Mapping[str, str] = {}) -> str:
        """Return what it prints.  Raises BuildError if it fails."""
        return output(self.argv(*arguments),
                      env=environment(extra={**self.env, **env}))

    def ask(self, probe: str) -> dict[str, Any]:
        """Return what the code *probe* prints as JSON."""
        answer: dict[str, Any] = json.loads(
            self.prints(*self.isolated, "-B", "-c", probe))
        return answer


def native(program: Path) -> Interpreter:
    """A Python that was built for machines like this one."""
    return Interpreter(program)


def through(runner: tuple[str, ...], program: Path) -> Interpreter:
    """A Python that *runner* can run: HOSTRUNNER, in CPython's words."""
    return Interpreter(program, runner)


def stand_in(program: Path, target: SysconfigOf) -> Interpreter:
    """A Python of this machine, of the version of *target*.

    -I would have it overlook PYTHONPATH, so what else -I does is spelled
    out.
    """
    return Interpreter(program, env=target.variables,
                       isolated=("-s", "-P"))
