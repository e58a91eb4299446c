"""Report where ncurses finds the description of the terminal in TERM.

This module changes nothing.  Tools/standalone/compat/terminfo_fallback.c
makes ncurses find the entries shipped with this Python, in every module
that uses ncurses and without an environment variable.  The order is:

1. TERMINFO, ~/.terminfo and TERMINFO_DIRS,
2. the system's databases,
3. the terminals that are compiled in,
4. share/terminfo of this Python.

See "Fetching Compiled Descriptions" in terminfo(5),
https://invisible-island.net/ncurses/man/terminfo.5.html
"""

import os

from _standalone_runtime import bundled
from _standalone_runtime.terminals import COMPILED_IN, DATABASES, DEFAULT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from _standalone_runtime.report import Place, Resource

_VARIABLES = ("TERMINFO", "TERMINFO_DIRS")
# The variable may contain an entry itself, as `infocmp -Q` prints it, instead
# of a directory.  It then begins with one of these.
_ENTRY = ("hex:", "b64:")
_HEADER = 12                     # bytes, before the names


def directories() -> list[str]:
    """Return the databases that do not depend on the user's environment:
    the system's, then ours."""
    return [*DATABASES, bundled("share", "terminfo")]


def search(term: str, env: "Mapping[str, str]") -> "Iterator[Place]":
    """Yield every place in the order of the search.  The state of the first
    one that has an entry for *term* is "used"."""
    from _standalone_runtime.report import Place

    found = False
    for where, state in _states(term, env):
        if state == "used" and found:
            state = "also has an entry"
        found = found or state == "used"
        yield Place(where, state)


def _states(term: str,
            env: "Mapping[str, str]") -> "Iterator[tuple[str, str]]":
    seen = set()
    for name in (*_VARIABLES[:1], "HOME", *_VARIABLES[1:], ""):
        if name and name not in env:
            yield name, "not set"
        elif name in _VARIABLES:
            yield f"{name}={env[name]}", "set"
        for directory in _members(name, env):
            if directory not in seen:
                yield directory, _state(directory, term)
            seen.add(directory)
    yield "compiled in", "used" if term in COMPILED_IN else "no entry"
    own = bundled("share", "terminfo")
    yield own, "no entry" if term.startswith(".") else _state(own, term)


def _members(name: str, env: "Mapping[str, str]") -> "Iterable[str]":
    """Return the directories in the variable *name*, or the system's if
    *name* is empty."""
    value = env.get(name)
    if not name:
        return DATABASES
    if name == "HOME":
        return () if value is None else (f"{value}/.terminfo",)
    if not value or value.startswith(_ENTRY):
        return (value,) if value else ()
    return [directory or DEFAULT for directory in value.split(":")]


def _state(directory: str, term: str) -> str:
    """Return "used" if ncurses can read an entry for *term* there."""
    if directory.startswith(_ENTRY):
        entry = _decoded(directory)
        names = entry[_HEADER:].partition(b"\0")[0].decode("latin-1")
        return ("used" if _is_whole(entry) and term in names.split("|")
                else "no entry")
    if not os.path.isdir(directory):
        return "not a directory"
    if "/" in term or ":" in term or term in (".", ".."):
        return "no entry"
    path = os.path.join(directory, term[0], term)
    if os.path.exists(path) and not os.path.isfile(path):
        return "damaged"             # open() could block, as for a FIFO
    try:
        with open(path, "rb") as file:
            entry = file.read()
    except FileNotFoundError:
        return "no entry"
    except OSError as exc:
        return f"unreadable: {exc.strerror}"
    return "used" if _is_whole(entry) else "damaged"


def _decoded(value: str) -> bytes:
    import base64

    form, _, text = value.partition(":")
    try:
        return (bytes.fromhex(text) if form == "hex"
                else base64.urlsafe_b64decode(text))
    except ValueError:
        return b""


def _is_whole(entry: bytes) -> bool:
    """Is *entry* as long as its headers say?  See term(5),
    https://invisible-island.net/ncurses/man/term.5.html"""
    import struct

    if len(entry) < _HEADER:
        return False
    magic, *sizes = struct.unpack_from("<6h", entry)
    width = {0o432: 2, 0o1036: 4}.get(magic)         # of a number, in bytes
    if width is None or min(sizes) < 0:
        return False
    names, flags, numbers, strings, table = sizes
    end: int = (_even(_HEADER + names + flags) + width * numbers
                + 2 * strings + table)
    if _even(end) + 10 <= len(entry):                # extensions follow
        sizes = list(struct.unpack_from("<5h", entry, _even(end)))
        if min(sizes) < 0:
            return False
        flags, numbers, strings, _, table = sizes
        # There is an offset for each string and for each name.
        end = (_even(end) + 10 + _even(flags) + width * numbers
               + 2 * (flags + numbers + 2 * strings) + table)
    return end <= len(entry)


def _even(size: int) -> int:
    return size + size % 2


def inspect() -> "Resource":
    """Report where the entry for TERM comes from."""
    from _standalone_runtime.report import Place, Resource

    term = os.environ.get("TERM", "")
    places = list(search(term, os.environ)) if term else []
    chosen = next((place.where for place in places
                   if place.state == "used"), None)
    if not term:
        why = "TERM is not set, so there is no terminal to look up"
    elif chosen is None:
        why = f"there is no entry for {term}"
    else:
        why = f"the first place with an entry for {term}"
    return Resource(
        "terminfo", "curses, readline and the REPL on a terminal",
        (Place(f"TERM={term}" if term else "TERM",
               "looked up" if term else "not set"), *places),
        chosen, why, "TERM names the terminal; TERMINFO, ~/.terminfo and "
        "TERMINFO_DIRS are searched first",
        needed=bool(term), problems=tuple(_problems(places)))


def _problems(places: "list[Place]") -> "Iterator[str]":
    states = {place.where: place.state for place in places}
    for name in _VARIABLES:
        for directory in _members(name, os.environ):
            if states.get(directory) == "not a directory":
                yield f"{name}: {directory}: not a directory"
    for where, state in states.items():
        if state == "damaged" or state.startswith("unreadable"):
            yield f"{where}: its entry is {state}"
    own = bundled("share", "terminfo")
    if not os.path.isdir(own):
        yield f"{own}, which comes with this Python: not a directory"
