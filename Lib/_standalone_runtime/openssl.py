"""Report what openssl.cnf activates, and where it is.

This module changes nothing.  OpenSSL reads the file when ssl or hashlib is
imported, and loads the providers and engines that the file names.  Those
that are not part of the library, such as FIPS, come from the system:

1. from OPENSSL_MODULES or OPENSSL_ENGINES if that is set,
2. otherwise from the first directory in libraries.py that contains them; see
   Tools/standalone/compat/openssl_dso.c.

If one is missing, OpenSSL prints no error, but may have no ciphers.
https://docs.openssl.org/3.5/man5/config/
"""

import os
import sys

from _standalone_runtime.libraries import ENGINES, LIBRARIES, PROVIDERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from _standalone_runtime.report import Resource

    Sections = Mapping[str, Mapping[str, str]]

_CONFIGURATION, _DIRECTORIES = "OPENSSL_CONF", {
    PROVIDERS: "OPENSSL_MODULES", ENGINES: "OPENSSL_ENGINES"}
# Part of the library, as configured by recipes/openssl.py.
_INSIDE = {PROVIDERS: ("default", "base", "null", "legacy"),
           ENGINES: ("dynamic", "rdrand", "padlock", "afalg")}
_TRUE = ("1", "yes", "true", "on")
_TOP = "default"                 # the section above the first heading


def inspect() -> "Resource":
    """Report whether OpenSSL starts, and whether its modules exist."""
    from _standalone_runtime.report import Place, Resource

    version, failure = _start()
    file = _file()
    asked = os.environ.get(_CONFIGURATION)
    places = [Place(f"{_CONFIGURATION}={asked}" if asked is not None
                    else _CONFIGURATION,
                    "not set" if asked is None else "set"),
              Place(file, "used" if os.path.isfile(file) else "not found")]
    problems = [failure] if failure else []
    try:
        wanted = list(_wanted(_read(file)))
    except (OSError, ValueError) as exc:
        wanted = []
        if os.path.exists(file):
            problems.append(f"{file} cannot be read: {exc}")
    for variable in _DIRECTORIES.values():
        value = os.environ.get(variable)
        places.append(Place(f"{variable}={value}" if value else variable,
                            "set" if value else "not set"))
    for kind, name, module in wanted:
        found = next(filter(os.path.exists, _paths(kind, module)), None)
        what = "provider" if kind == PROVIDERS else "engine"
        problem = (
            f"there is no {' or '.join(_paths(kind, module))}"
            if found is None else _unloadable(found))
        places.append(Place(found or module, f"{what} {name}: " + (
            "not found" if found is None else "found")))
        if problem:
            problems.append(f"{file} activates the {what} {name}, but "
                            f"{problem}")
    return Resource(
        "openssl", "TLS and hashes: ssl, hashlib, pip", tuple(places),
        None if failure else version,
        "OpenSSL does not start" if failure else
        f"linked in; {len(wanted)} modules to load",
        f"{_CONFIGURATION}, a file; {', '.join(_DIRECTORIES.values())}, "
        "directories of modules", problems=tuple(problems))


def _start() -> tuple[str, str]:
    """Return the version, and the error if OpenSSL does not start.

    OpenSSL reports an error in the configuration only once.  Importing
    _hashlib first would hide it.
    """
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        import _hashlib
        _hashlib.new("sha256")
    except (OSError, ValueError) as exc:             # or ssl.SSLError
        return ssl.OPENSSL_VERSION, f"OpenSSL: {exc}"
    return ssl.OPENSSL_VERSION, ""


def _file() -> str:
    """Return the configuration file, by default next to the certificates."""
    import _ssl

    return os.environ.get(_CONFIGURATION) or os.path.join(
        os.path.dirname(_ssl.get_default_verify_paths()[1]), "openssl.cnf")


def _paths(kind: str, module: str) -> list[str]:
    """Return all paths at which OpenSSL looks for *module*."""
    if os.path.isabs(module):
        return [module]
    if directory := os.environ.get(_DIRECTORIES[kind]):
        return [os.path.join(directory, module)]
    multiarch = getattr(sys.implementation, "_multiarch", "")
    return [os.path.join(library.format(multiarch=multiarch), kind, module)
            for library in LIBRARIES]


def _unloadable(path: str) -> str:
    """Return why the dynamic linker cannot load the file, or ""."""
    try:
        import ctypes
        ctypes.CDLL(path)
    except ImportError:
        return ""
    except OSError as exc:
        return f"it cannot be loaded: {exc}"
    return ""


def _wanted(sections: "Sections") -> "Iterator[tuple[str, str, str]]":
    """Yield the modules that the configuration loads: the kind (PROVIDERS
    or ENGINES), the name and the file."""
    main = sections.get(sections[_TOP].get("openssl_conf", ""), {})
    for name, section in sections.get(main.get("providers", ""), {}).items():
        settings = sections.get(section, {})
        name = settings.get("identity", _unprefixed(name))
        if settings.get("activate", "").lower() in _TRUE and (
                name not in _INSIDE[PROVIDERS]):
            yield PROVIDERS, name, settings.get("module", f"{name}.so")
    for name, section in sections.get(main.get("engines", ""), {}).items():
        settings = sections.get(section, {})
        name = settings.get("engine_id", _unprefixed(name))
        # OpenSSL loads an engine only if there is a command for it.
        if settings.keys() - {"engine_id", "soft_load"} and (
                name not in _INSIDE[ENGINES]):
            yield ENGINES, name, settings.get("dynamic_path", f"{name}.so")


def _unprefixed(name: str) -> str:
    """Remove a prefix that makes names unique, as in "1.fips"."""
    return name.partition(".")[2] or name


def _read(file: str) -> "Sections":
    """Parse a configuration as OpenSSL does, but do not expand references
    in values.  Raise OSError or ValueError."""
    import configparser

    parser = configparser.RawConfigParser(
        allow_no_value=True, delimiters=("=",), comment_prefixes=("#",),
        inline_comment_prefixes=("#",), strict=False, default_section="")
    parser.optionxform = str         # type: ignore[assignment,method-assign]
    try:
        parser.read_string("\n".join((f"[{_TOP}]", *_lines(file))), file)
    except configparser.Error as exc:
        raise ValueError(" ".join(str(exc).split())) from exc
    return {section: {name: (value or "").strip("\"'") for name, value
                      in parser.items(section)}
            for section in parser.sections()}


def _lines(file: str, depth: int = 0) -> "Iterator[str]":
    """Yield the lines of *file* and of included files, in the syntax of
    configparser: not indented, and no spaces in headings."""
    with open(file, encoding="utf-8", errors="surrogateescape") as text:
        lines = text.read().replace("\\\n", "").splitlines()
    for line in map(str.strip, lines):
        if line.startswith("[") and "]" in line:
            yield f"[{line[1:line.index(']')].strip()}]"
        elif line.startswith(".include"):
            path = line.removeprefix(".include").lstrip(" \t=")
            for included in _included(path) if depth < 9 else ():
                yield from _lines(included, depth + 1)
        elif not line.startswith("."):
            yield line


def _included(path: str) -> list[str]:
    """Return the files that OpenSSL reads for ".include path".  The path may
    be a directory.  OpenSSL ignores missing files."""
    if os.path.isdir(path):
        return sorted(os.path.join(path, name) for name in os.listdir(path)
                      if name.endswith((".cnf", ".conf")))
    return [path] if os.path.isfile(path) else []
