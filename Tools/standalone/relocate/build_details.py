"""Write build-details.json, which describes a Python without running it.

CPython 3.14 and later write the file, and this module corrects its paths;
for earlier versions it writes the whole file.
https://packaging.python.org/specifications/build-details/ (PEP 739)
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from standalone.core.layout import PREFIX
from standalone.formats.tree import InstalledTree


def write(path: Path, tree: Path, interpreter: str,
          data: Mapping[str, str | int]) -> None:
    """Write *path*, or make the paths in it relative to *tree*.

    *interpreter* is the name of the program in bin/; *data* is the dict
    in _sysconfigdata.
    """
    details = (json.loads(path.read_text()) if path.exists()
               else _details(tree, data))
    details = _relative(details)
    details["base_prefix"] = "../.."
    details["base_interpreter"] = f"bin/{interpreter}"
    # Only the full archive contains the static library.
    details.get("libpython", {}).pop("static", None)
    path.write_text(_text(details))


def with_archive(path: Path, archive: str) -> str:
    """Return the text of *path* for a tree with libpython's *archive*.

    *archive* is the path of the static library relative to the tree.
    """
    details = json.loads(path.read_text())
    details["libpython"]["static"] = archive
    return _text(details)


def _text(details: Mapping[str, Any]) -> str:
    return json.dumps(details, indent=2) + "\n"


def _relative(value: Any) -> Any:
    """Return *value* with all paths below PREFIX made relative to it."""
    match value:
        case dict():
            return {key: _relative(item) for key, item in value.items()}
        case list():
            return [_relative(item) for item in value]
        case str():
            return value.removeprefix(f"{PREFIX}/")
    return value


def _details(tree: Path, data: Mapping[str, str | int]) -> dict[str, object]:
    version = str(data["VERSION"])
    ldversion = str(data["LDVERSION"])
    machine, system = str(data["MULTIARCH"]).split("-")[:2]
    full = _full_version(tree)
    suffix = str(data["EXT_SUFFIX"])
    info = {"major": full[0], "minor": full[1], "micro": full[2],
            "releaselevel": full[3], "serial": full[4]}
    libpython = {"dynamic": f"lib/{data['INSTSONAME']}",
                 "link_extensions": False}
    # Debug builds do not have this library.
    if (tree / "lib/libpython3.so").exists():
        libpython["dynamic_stableabi"] = "lib/libpython3.so"
    return {
        "schema_version": "1.0",
        "base_prefix": "", "base_interpreter": "",
        "platform": f"{system}-{machine}",
        "language": {"version": version, "version_info": info},
        "implementation": {
            "name": "cpython", "version": info,
            "hexversion": _hexversion(full),
            "cache_tag": f"cpython-{version.replace('.', '')}",
            "_multiarch": data["MULTIARCH"]},
        "abi": {"flags": list(str(data["ABIFLAGS"])),
                "extension_suffix": suffix, "stable_abi_suffix": ".abi3.so"},
        "suffixes": {
            "source": [".py"], "bytecode": [".pyc"],
            "extensions": [suffix, ".abi3.so", ".so"]},
        "libpython": libpython,
        "c_api": {"headers": f"include/python{ldversion}",
                  "pkgconfig_path": "lib/pkgconfig"},
    }


def _full_version(tree: Path) -> tuple[int, int, int, str, int]:
    """Return sys.version_info as the installed patchlevel.h defines it."""
    header = InstalledTree(tree).include / "patchlevel.h"
    found = dict(re.findall(r"^#define PY_(\w+)\s+(\w+)",
                            header.read_text(), re.MULTILINE))
    level = {"PY_RELEASE_LEVEL_ALPHA": "alpha",
             "PY_RELEASE_LEVEL_BETA": "beta",
             "PY_RELEASE_LEVEL_GAMMA": "candidate",
             "PY_RELEASE_LEVEL_FINAL": "final"}[found["RELEASE_LEVEL"]]
    return (int(found["MAJOR_VERSION"]), int(found["MINOR_VERSION"]),
            int(found["MICRO_VERSION"]), level,
            int(found["RELEASE_SERIAL"]))


def _hexversion(full: tuple[int, int, int, str, int]) -> int:
    """Return sys.hexversion.

    https://docs.python.org/3/c-api/apiabiversion.html
    """
    level = {"alpha": 0xA, "beta": 0xB, "candidate": 0xC,
             "final": 0xF}[full[3]]
    return (full[0] << 24 | full[1] << 16 | full[2] << 8 | level << 4
            | full[4])
