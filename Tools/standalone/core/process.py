"""Run other programs; no other module of a stage does.

Commands do not get the user's environment but one made by this module.
Every command is written to the stage's log in a form that can be pasted
into a shell.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from standalone.core.errors import BuildError
from standalone.core.model import Command, Step, WriteFile

# The variables that a child gets from the user's environment.  MAKEFLAGS
# carries the jobserver and is added only for commands that use it.
_KEPT = ("HOME", "TMPDIR", "XDG_CACHE_HOME")
# A mirror, a proxy or a certificate that the user configured for pip.
_KEPT_FOR_PIP = ("PIP_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
                 "http_proxy", "https_proxy", "no_proxy",
                 "SSL_CERT_", "REQUESTS_CA_BUNDLE")
# faketime, which reproduce.py uses, sets these; children need its clock too.
_FAKE_CLOCK = ("LD_PRELOAD", "FAKETIME", "FAKETIME_SHARED")


def environment(path: Iterable[Path] = (), *,
                extra: Mapping[str, str] = {},
                inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of a child process.

    *path* is put in front of PATH, and the variables in *extra* override
    all others.  If *inherited* is empty, the result does not depend on
    the user or the machine, so that it can be part of a key.
    """
    kept = _KEPT + _FAKE_CLOCK * ("FAKETIME" in inherited)
    env = {name: inherited[name] for name in kept if name in inherited}
    env["PATH"] = os.pathsep.join(
        [*map(str, path), inherited.get("PATH", os.defpath)])
    env["LC_ALL"] = "C"
    env["TZ"] = "UTC"
    # Keep pkg-config from finding libraries of the system:
    # https://people.freedesktop.org/~dbn/pkg-config-guide.html
    env["PKG_CONFIG_LIBDIR"] = os.devnull
    env.update(extra)
    return env


def jobserver() -> str:
    """Return the words of MAKEFLAGS that pass on make's jobserver.

    Other options and the variables from make's command line are left
    out: they would change the makefiles that we run.
    https://www.gnu.org/software/make/manual/html_node/POSIX-Jobserver.html
    """
    options = f" {os.environ.get('MAKEFLAGS', '')}".partition(" -- ")[0]
    return " ".join(word for word in options.split()
                    if word.startswith(("-j", "--jobserver")))


def pip_environment() -> dict[str, str]:
    """Return the environment for pip, with the user's index and proxy."""
    return environment() | {
        name: value for name, value in os.environ.items()
        if name.startswith(_KEPT_FOR_PIP)}


@dataclass(frozen=True)
class Runner:
    """Runner of the steps of one stage, with one log for all of them."""

    log: Path
    env: Mapping[str, str]

    def start(self) -> None:
        """Create the log, or empty it."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_text("")

    def steps(self, steps: Iterable[Step], title: str) -> None:
        """Run *steps* in order, and show progress on a terminal.

        Raises BuildError if a command fails.
        """
        for number, step in enumerate(steps, 1):
            if isinstance(step, WriteFile):
                step.path.parent.mkdir(parents=True, exist_ok=True)
                step.path.write_text(step.text, encoding="utf-8")
            else:
                _progress(f"{title}: step {number}: {step.argv[0]}")
                self.command(step)
        _progress("")

    def command(self, command: Command) -> None:
        """Run one command.  Raises BuildError if it fails."""
        env = {**self.env, **command.env}
        if command.jobserver:
            env["MAKEFLAGS"] = jobserver()
        with self.log.open("ab") as log:
            log.write(f"\n+ {as_shell(command, env)}\n".encode())
            log.flush()
            try:
                # The child must inherit the jobserver's pipe.
                done = subprocess.run(
                    command.argv, cwd=command.cwd, env=env, stdout=log,
                    stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                    close_fds=not command.jobserver)
            except OSError as exc:
                raise BuildError(f"cannot run {command.argv[0]}: "
                                 f"{exc.strerror}", log=self.log) from exc
        if done.returncode:
            raise BuildError(
                f"{Path(command.argv[0]).name} failed with "
                f"{_status(done.returncode)} in {command.cwd.name}",
                log=self.log)


def output(argv: Iterable[str], env: Mapping[str, str] | None = None,
           cwd: Path | None = None) -> str:
    """Return the standard output of a command.

    Raises BuildError with the last line that the command printed if it
    fails.
    """
    argv = tuple(argv)
    try:
        done = subprocess.run(argv, env=env or environment(), cwd=cwd,
                              capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)
    except OSError as exc:
        raise BuildError(f"cannot run {argv[0]}: {exc.strerror}") from exc
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise BuildError(f"{Path(argv[0]).name} failed with "
                         f"{_status(done.returncode)}: "
                         f"{said[-1] if said else 'no message'}")
    return done.stdout


def as_shell(command: Command, env: Mapping[str, str]) -> str:
    """Return *command* as a shell command line, with its environment."""
    words = [f"{name}={shlex.quote(value)}"
             for name, value in sorted(env.items())]
    return (f"cd {shlex.quote(str(command.cwd))} && env -i "
            f"{' '.join(words)} {shlex.join(command.argv)}")


def _status(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text[:78]}")
        sys.stderr.flush()
