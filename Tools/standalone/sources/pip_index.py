"""Ask pip for the newest version of a package.

pip knows the index, the proxy and the certificates that the user has
configured.
"""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

from standalone.core.layout import ROOT
from standalone.core.process import pip_environment
from standalone.sources.download import Unavailable

_DEADLINE = 120.0      # seconds


def newest(project: str) -> str:
    """Return the newest final version of *project* for this Python.

    Raises Unavailable with pip's message.
    """
    argv = [*_pip(), "index", "versions", "--retries=1", project]
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=_DEADLINE, errors="replace",
            env=pip_environment() | {"PIP_DISABLE_PIP_VERSION_CHECK": "1",
                                     "PIP_REQUIRE_VIRTUALENV": "0"})
    except subprocess.TimeoutExpired as exc:
        raise Unavailable(f"no answer from pip after {_DEADLINE:.0f} s"
                          ) from exc
    # "jinja2 (3.1.6)", then all versions.
    found = re.search(r"(?m)^\S+ \(([^()\s]+)\)$", done.stdout)
    if done.returncode or not found:
        # Of an index that does not answer, pip says at last that there is
        # no such package.
        if broken := re.search(r"connection broken by '(.+)': ", done.stderr):
            raise Unavailable(f"its index does not answer: {broken[1]}")
        said = done.stderr.strip().splitlines()
        raise Unavailable(said[-1] if said else "pip said nothing")
    return found[1]


def _pip() -> list[str]:
    """Return the command of a pip: installed, or bundled with a Python."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-P", "-m", "pip"]
    folders = [ROOT / "Lib" / "ensurepip"]
    # Debian has the module in a package of its own.
    if (module := importlib.util.find_spec("ensurepip")) and module.origin:
        folders.append(Path(module.origin).parent)
    for folder in folders:
        if bundled := sorted(folder.glob("_bundled/pip-*.whl")):
            return [sys.executable, "-I", f"{bundled[-1]}/pip"]
    raise Unavailable("no pip on this machine")
