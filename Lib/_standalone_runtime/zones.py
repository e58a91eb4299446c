"""Let `zoneinfo` find the time zones shipped with this Python.

CPython searches the directories in zoneinfo.TZPATH, which are the system's,
and then the package tzdata:
https://docs.python.org/3/library/zoneinfo.html#data-sources
Our zones come after the system's directories, and are used only if that
package is not installed, because it can be newer.  They are not used if the
user sets the path with PYTHONTZPATH or zoneinfo.reset_tzpath().
"""

import os
import sysconfig
from importlib.util import find_spec

from _standalone_runtime import bundled, failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.machinery import ModuleSpec

    from _standalone_runtime.report import Resource

_VARIABLE = "PYTHONTZPATH"       # zoneinfo reads it even with -E and -I


def directories(tzpath: tuple[str, ...]) -> "Iterator[str]":
    """Yield the directories in *tzpath*, which is zoneinfo.TZPATH, then ours
    if it is used.  Find that out only if the caller asks for more."""
    yield from tzpath
    try:
        wanted = tzpath == _default() and _package() is None
    except Exception as exc:
        failed("zoneinfo", exc)
    else:
        if wanted:
            yield _own()


def _own() -> str:
    return bundled("share", "zoneinfo")


def _default() -> tuple[str, ...] | None:
    """Return zoneinfo.TZPATH as it is if the user does not set it.

    Return None if sysconfig does not work.  zoneinfo needs sysconfig too,
    so in that case the user has set the path.
    """
    try:
        tzpath = str(sysconfig.get_config_var("TZPATH") or "")
    except (ImportError, OSError):
        return None
    return tuple(filter(os.path.isabs, tzpath.split(os.pathsep)))


def _package() -> "ModuleSpec | None":
    """Find the package with tzdata's zones, which zoneinfo imports.

    Return None also if no file can be opened to look for it.
    """
    try:
        return find_spec("tzdata.zoneinfo")
    except (ImportError, OSError):
        return None


def inspect() -> "Resource":
    """Report each place with data.  The first of them is the chosen one."""
    from _standalone_runtime.report import Place, Resource

    asked = os.environ.get(_VARIABLE)
    places = [Place(f"{_VARIABLE}={asked}" if asked is not None
                    else _VARIABLE,
                    "not set" if asked is None
                    else "replaces the default directories")]
    chosen, why = None, "no time zones were found"
    for path, reason in _sources(asked):
        state = _state(path)
        if state == "used" and chosen is None:
            chosen, why = path, reason
            if release := _release(path):
                why = f"{why}; release {release}"
        elif state == "used":
            state = "for zones missing above"
        places.append(Place(path, state))
    return Resource(
        "zones", "zoneinfo.ZoneInfo, by name", tuple(places), chosen, why,
        "the package tzdata, which replaces the shipped zones; or "
        f"{_VARIABLE}, a list of directories (empty: only that package)",
        problems=tuple(_problems(asked)))


def _sources(asked: str | None) -> "Iterator[tuple[str, str]]":
    """Yield the directories in order, with the reason for choosing each."""
    import warnings

    with warnings.catch_warnings():
        # zoneinfo warns about relative paths; _problems() reports them.
        warnings.simplefilter("ignore")
        import zoneinfo
    for path in zoneinfo.TZPATH:
        yield path, ("the system's directories come first" if asked is None
                     else f"{_VARIABLE} names it")
    package = _package()
    for path in (package and package.submodule_search_locations) or ():
        yield path, "no directory above has zones; this is the package tzdata"
    for path in directories(zoneinfo.TZPATH):
        if path not in zoneinfo.TZPATH:
            yield path, ("neither the system nor the package tzdata has "
                         "zones; these come with this Python")


def _problems(asked: str | None) -> "Iterator[str]":
    own = _own()
    if asked is None and _state(own) != "used":
        yield f"{own}, which comes with this Python: {_state(own)}"
    for path in asked.split(os.pathsep) if asked else ():
        if not os.path.isabs(path):
            yield f"{_VARIABLE}: {path!r} is not absolute, and is ignored"
        elif _state(path) != "used":
            yield f"{_VARIABLE}: {path}: {_state(path)}"


def _state(directory: str) -> str:
    """Return "used" if the directory has at least one time zone."""
    try:
        os.listdir(directory)
    except FileNotFoundError:
        return "not found"
    except OSError as exc:
        return exc.strerror or "unreadable"
    for parent, _, names in os.walk(directory):
        if any(_is_zone(os.path.join(parent, name)) for name in names):
            return "used"
    return "has no time zones"


def _is_zone(path: str) -> bool:
    """Check the first bytes: https://www.rfc-editor.org/rfc/rfc9636"""
    if not os.path.isfile(path):     # open() could block, as for a FIFO
        return False
    try:
        with open(path, "rb") as file:
            return file.read(4) == b"TZif"
    except OSError:
        return False


def _release(directory: str) -> str | None:
    """Return the release of the data, such as "2026f", if it is known."""
    try:
        with open(os.path.join(directory, "tzdata.zi"),
                  encoding="ascii", errors="replace") as file:
            words = file.readline().split()
    except OSError:
        return None
    return words[2] if words[:2] == ["#", "version"] and words[2:] else None
