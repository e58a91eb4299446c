"""What PEER is: another Python of the same feature version.

    /usr/bin/python3                  one of this machine
    /srv/trixie/usr/bin/python3       one in another system's root directory
    …-install_only_stripped.tar.gz    one in an archive
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standalone.bench.system import Failed, System, root_of
from standalone.core.errors import FetchError, UsageError
from standalone.formats import names
from standalone.formats.tree import InstalledTree
from standalone.sources import unpack

_ENDING = ".tar.gz"
_DEADLINE = 60                   # seconds, for a program that is no Python

# Also runs with a Python that is too old.
_PROBE = """
import json, os, sys, sysconfig
print(json.dumps({
    "implementation": getattr(
        getattr(sys, "implementation", None), "name", "python 2"),
    "version": sys.version.split()[0].rstrip("+"),
    "feature": list(sys.version_info[:2]),
    "build": " ".join(sys.version.split()),
    "executable": os.path.realpath(sys.executable),
    "prefix": getattr(sys, "base_prefix", sys.prefix),
    "library": os.path.dirname(os.path.realpath(os.__file__)),
    "debug": bool(sysconfig.get_config_var("Py_DEBUG")),
    "gil": not sysconfig.get_config_var("Py_GIL_DISABLED"),
    "configure": sysconfig.get_config_var("CONFIG_ARGS"),
}))
"""


@dataclass(frozen=True)
class Python:
    """One of the two; *program* is how it is started in its system.

    The facts are what it says of itself, with names as in its system.
    """

    program: str
    label: str                   # for the names of files
    facts: dict[str, Any]


def check(text: str) -> Path:
    """Return PEER as an absolute path.  Raises UsageError.

    The last component is not resolved: Python finds a virtual environment
    by the name it is started with.
    """
    if not text:
        raise UsageError("PEER is not set", hint=(
            "the Python to compare with: PEER=/usr/bin/python3"))
    path = Path(text).absolute()
    # In another root, a link may lead to a path of that root.
    if not path.is_file() and not path.is_symlink():
        raise UsageError(f"PEER={text} is not a file")
    return path


def system(peer: Path, place: Path) -> System:
    """Return where to run *peer* and our build."""
    return System(place, None if peer.name.endswith(_ENDING)
                  else root_of(peer))


def unpacked(peer: Path, place: Path) -> Path:
    """Return the path of the interpreter: in *place* if PEER is an archive.

    Raises UsageError if the archive is damaged or contains no Python.
    """
    if not peer.name.endswith(_ENDING):
        return peer
    try:
        unpack.unpack(peer, place / "peer")
    except FetchError as exc:
        # tarfile's message has a line for each compression it tried.
        reason = exc.message.splitlines()[0].rstrip(":")
        raise UsageError(f"PEER cannot be unpacked: {reason}") from exc
    python = InstalledTree(place / "peer").python
    if not python.exists():
        raise UsageError(f"PEER={peer} contains no python/bin/python3")
    return python


def python(program: Path, where: System, called: str,
           label: str = "") -> Python:
    """Ask *program* what it is.

    Raises UsageError, with the name that it is *called*, if it is no
    Python that runs there.
    """
    name = where.inside(program)
    try:
        text = where.run([name, "-c", _PROBE], where.environment(),
                         deadline=_DEADLINE)
        facts = json.loads(text)
        facts["feature"] = tuple(facts["feature"])
    except Failed as exc:
        raise UsageError(f"{called} is not a Python that runs: {exc}"
                         ) from exc
    except (ValueError, LookupError, TypeError):
        raise UsageError(f"{called} is not a Python") from None
    return Python(name, label or _label(facts, where), facts)


def check_comparable(ours: Python, peer: Python) -> None:
    """Raise UsageError if the versions of the two differ."""
    if peer.facts["implementation"] != ours.facts["implementation"]:
        raise UsageError(f"PEER is {peer.facts['implementation']}, not "
                         f"{ours.facts['implementation']}")
    if peer.facts["feature"] != ours.facts["feature"]:
        versions = ["{}.{}".format(*each.facts["feature"])
                    for each in (peer, ours)]
        raise UsageError(
            f"PEER is Python {versions[0]}, the build is {versions[1]}",
            hint="programs change between feature versions, so only the "
                 "same can be compared")


def label_of_archive(archive: Path) -> str:
    """Return a label for the Python in *archive*, if it is one."""
    if not archive.name.endswith(_ENDING):
        return ""
    build = names.build_of(archive.name)
    return _safe(str(build or archive.name.removesuffix(_ENDING)))


def _label(facts: dict[str, Any], where: System) -> str:
    """Return "debian-3.13.5" for a system's Python, else "python-3.13.5"."""
    name = "python"
    if facts["prefix"] == "/usr":
        for file in "/etc/os-release", "/usr/lib/os-release":
            try:
                text = where.outside(file).read_text(errors="replace")
            except OSError:
                continue
            if found := re.search(r"(?m)^ID=[\"']?([\w.-]+)", text):
                name = found[1]
                break
    return _safe(f"{name}-{facts['version']}")


def _safe(text: str) -> str:
    return re.sub(r"[^\w.+-]", "_", text)[:100]
