"""Small CPython trees for tests: what the tools look at, and no more."""

from collections.abc import Mapping
from pathlib import Path

from standalone import request as config
from standalone.cpython import overlay

SETUP_STDLIB = """\
# A comment, and modules as CPython's own list has them.
*@MODULE_BUILDTYPE@*
@MODULE_ZLIB_TRUE@zlib  zlibmodule.c
@MODULE__DBM_TRUE@_dbm _dbmmodule.c
@MODULE__GDBM_TRUE@_gdbm _gdbmmodule.c
@MODULE__TESTCAPI_TRUE@_testcapi _testcapimodule.c  # more
"""
SETUP_BOOTSTRAP = """\
*static*
posix posixmodule.c
@MODULE_TIME_TRUE@time timemodule.c
"""


def small_tree(tree: Path, version: str = "3.13.15") -> Path:
    """A tree that the overlay fits, with the copies that CPython bundles."""
    files = {
        "Include/patchlevel.h": "/* Version as a string */\n"
                                f'#define PY_VERSION      \t"{version}"\n',
        "LICENSE": "A licence.\n",
        "Lib/os.py": "# os\n",
        "Lib/ensurepip/_bundled/pip-25.0-py3-none-any.whl": "",
        "Modules/Setup.stdlib.in": SETUP_STDLIB,
        "Modules/Setup.bootstrap.in": SETUP_BOOTSTRAP,
        "Modules/expat/expat.h": "",
        "Modules/_decimal/libmpdec/mpdecimal.h": "",
    }
    for edit in overlay.edits():
        files[edit.file] = files.get(edit.file, "") + f"above\n{edit.old}"
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, encoding="utf-8")
    (tree / "configure").chmod(0o755)
    return tree


def files(top: Path) -> set[str]:
    """The files below *top* by their paths from there."""
    return {str(path.relative_to(top)) for path in top.rglob("*")
            if not path.is_dir()}


def archive_of(members: Mapping[str, bytes]) -> bytes:
    """An archive without an index; names are short."""
    text = b"!<arch>\n"
    for name, data in members.items():
        header = f"{name}/".ljust(16) + "0".ljust(12) + "0".ljust(
            6) * 2 + "644".ljust(8) + str(len(data)).ljust(10) + "`\n"
        text += header.encode() + data + b"\n" * (len(data) % 2)
    return text


def request(tree: Path, out: Path, *, target: str = "", options: str = "noopt",
            toolchain: str = "zig") -> config.Config:
    """A request to build *tree* into *out*, as absolute paths."""
    return config.Config(
        cpython=str(tree), target=target or "x86_64-unknown-linux-gnu",
        toolchain=toolchain, options=options, sources=None, out=str(out),
        jobs=2)
