"""Stage: what `make install` left → a tree that runs anywhere.

    install/  →  tree/install/   the whole tree, with debug information
                 tree/stripped/  its ELF files without
                 tree/debug/     what was taken from them, by build-id,
                                 and what gdb wants beside it
                 tree/licenses/  the licence texts by component
                 tree/components.json  what it is made of
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from standalone.core import interpreter, render, stamp
from standalone.core.layout import PREFIX, TOOLS, Layout
from standalone.core.process import Runner, environment
from standalone.documents import components, inventory, licences
from standalone.formats import staticlib, strip
from standalone.formats.tree import UNIX, InstalledTree
from standalone.relocate import build_details, sysconfigdata

if TYPE_CHECKING:
    from standalone.request import Config


def run(config: Config, wanted: str) -> None:
    """Make the tree.  The installed one is copied, not changed."""
    layout = config.layout
    runner = Runner(layout.logs / "relocate.log", environment(
        [layout.toolchain / "bin"],
        extra={"SOURCE_DATE_EPOCH": str(config.epoch)}))
    runner.start()
    installed = layout.stage("install") / PREFIX.lstrip("/")
    with stamp.output_dir(layout.stage("tree"), wanted) as out:
        tree = out / "install"
        shutil.copytree(installed, tree, symlinks=True,
                        ignore=shutil.ignore_patterns("__pycache__"))
        _normalise_modes(tree)       # some are read-only, for us as well
        data = _sysconfig(tree, layout.work)
        _config_dir(tree, layout.work)
        _scripts(tree, data)
        _pkg_config(tree, data)
        _pkg_config_archive(tree, data)
        _static_library(tree, layout, config.archives, runner)
        for name, recipe in config.recipes.items():
            _data(tree, layout.dep(name), recipe.data)
            _libraries(tree, layout.dep(name), recipe.libraries)
        made = InstalledTree(tree)
        _entry_points(made.library, config.version)
        _tests(made.library, layout.stage("source") / "Lib")
        build_details.write(made.library / "build-details.json", tree,
                            made.interpreter.name, data)
        found = inventory.find(tree, ingredients(config))
        licences.write(out / "licenses", found)
        components.save(out / components.FILE, found)
        _byte_compile(tree, runner)
        _normalise_modes(tree)       # and what came now had our umask
        strip.split_tree(tree, out / "stripped", out / "debug")
        _gdb(out / "stripped", out / "debug", layout.stage("source"))


def _normalise_modes(tree: Path) -> None:
    """Owner may write, all may read, nobody else writes."""
    for path in tree.rglob("*"):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runs else 0o644)


def _sysconfig(tree: Path, work: Path) -> dict[str, sysconfigdata.Value]:
    """Clean _sysconfigdata; what it says afterwards."""
    path = InstalledTree(tree).sysconfigdata
    data = sysconfigdata.cleaned(sysconfigdata.read(path), work)
    # How it was linked is no advice for how to link with it.
    data["LINKFORSHARED"] = "-Wl,--export-dynamic"
    # What a link with its archive needs beside it, of glibc before 2.34:
    # FindPython of CMake asks for no other variable.
    data["LIBS"] = " ".join(dict.fromkeys(
        f"{data['LIBS']} -lrt {data['LIBM']} {data['LIBC']}".split()))
    sysconfigdata.write(path, data)
    for record in InstalledTree(tree).library.glob("_sysconfig_vars_*.json"):
        record.write_text(json.dumps(
            sysconfigdata.cleaned(json.loads(record.read_text()), work),
            indent=2) + "\n")
    return data


def _config_dir(tree: Path, work: Path) -> None:
    """lib/python3.13/config-*: its makefile and what lies beside it."""
    for path in InstalledTree(tree).config_dir.iterdir():
        if path.suffix not in (".a", ".o"):
            path.write_text(
                sysconfigdata.clean(path.read_text(), work)
                .replace(f"#!{PREFIX}/bin/", "#!/usr/bin/env "))


def _scripts(tree: Path, data: dict[str, sysconfigdata.Value]) -> None:
    """bin/: `python`, and scripts that find it beside them."""
    directory = tree / "bin"
    name = InstalledTree(tree).interpreter.name
    (directory / "python").symlink_to(name)
    for script in sorted(directory.iterdir()):
        if script.is_symlink() or script.name == name:
            continue
        if script.name.endswith("-config"):
            script.write_text(_python_config(tree, data))
        elif script.read_bytes().startswith(b"#!"):
            body = script.read_text(encoding="utf-8").partition("\n")[2]
            script.write_text(render.render(
                "launcher.j2", interpreter=name, body=body.rstrip("\n")),
                encoding="utf-8")
    for record in InstalledTree(tree).site_packages.glob(
            "*.dist-info/RECORD"):
        _rewrite_record(record)


def _python_config(tree: Path, data: dict[str, sysconfigdata.Value]) -> str:
    configdir = InstalledTree(tree).config_dir.relative_to(tree)
    return render.render(
        "python-config.j2", libs=data["LIBS"],
        embed_libs=f"-lpython{data['LDVERSION']} {data['LIBS']}",
        include=Path(str(data["INCLUDEPY"])).name,
        cflags=data["CFLAGS"], suffix=data["EXT_SUFFIX"],
        abiflags=data["ABIFLAGS"], configdir=configdir)


def _rewrite_record(record: Path) -> None:
    """The hashes and sizes that pip recorded of the scripts we changed.

    https://packaging.python.org/specifications/recording-installed-packages/
    """
    rows = []
    for name, sha256, size in csv.reader(record.read_text().splitlines()):
        path = record.parent.parent / name
        if sha256:
            content = path.read_bytes()
            digest = base64.urlsafe_b64encode(
                hashlib.sha256(content).digest()).decode().rstrip("=")
            sha256, size = f"sha256={digest}", str(len(content))
        rows.append((name, sha256, size))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(sorted(rows))
    record.write_text(text.getvalue())


def _pkg_config(tree: Path, data: dict[str, sysconfigdata.Value]) -> None:
    """Prefixes relative to the .pc file's own directory.

    https://man.freebsd.org/cgi/man.cgi?query=pc&sektion=5 (pcfiledir)
    """
    for path in (tree / "lib/pkgconfig").glob("*.pc"):
        if not path.is_symlink():
            text = re.sub(
                rf"^((?:exec_)?prefix)={PREFIX}$", r"\1=${pcfiledir}/../..",
                path.read_text(), flags=re.MULTILINE)
            path.write_text(re.sub(
                r"^(Libs\.private:).*$", rf"\1 {data['LIBS']}",
                text.replace(f"={PREFIX}/", "=${prefix}/"),
                flags=re.MULTILINE))


def _pkg_config_archive(tree: Path,
                        data: dict[str, sysconfigdata.Value]) -> None:
    """The same names once more, for libpython's archive and beside it.

    With one directory for both, -lpython would always be the shared
    library: `pkg-config --static` only adds what a library needs.
    """
    directory = InstalledTree(tree).config_dir / "pkgconfig"
    shutil.copytree(tree / "lib/pkgconfig", directory, symlinks=True)
    up = "/".join(".." for _ in directory.relative_to(tree).parts)
    for path in directory.iterdir():
        if not path.is_symlink():
            path.write_text(
                path.read_text().replace("{pcfiledir}/../..",
                                         f"{{pcfiledir}}/{up}")
                .replace("Libs: -L${libdir}", "Libs: -L${pcfiledir}/.. "
                         f"{data['LINKFORSHARED']}"))


def _static_library(tree: Path, layout: Layout,
                    linked: Mapping[str, Iterable[str]],
                    runner: Runner) -> None:
    """Add to libpython's archive all archives that are *linked* in."""
    archive = InstalledTree(tree).static_library
    with tempfile.TemporaryDirectory(dir=tree.parent) as scratch:
        runner.steps(staticlib.commands(archive, [
            *sorted((layout.stage("build") / "Modules").rglob("*.a")),
            *(layout.dep(name) / "lib" / file
              for name, archives in linked.items()
              for file in archives)], Path(scratch)), "libpython")


def _data(tree: Path, prefix: Path, data: Mapping[str, str]) -> None:
    """Copy what a dependency reads at run time, such as terminfo."""
    for source, target in data.items():
        shutil.copytree(prefix / source, tree / target,
                        symlinks=True, dirs_exist_ok=True)


def _libraries(tree: Path, prefix: Path, names: Iterable[str]) -> None:
    """Copy the shared libraries of a dependency to where libpython is."""
    for name in names:
        shutil.copy2(prefix / "lib" / name, tree / "lib")


def _entry_points(directory: Path, version: str) -> None:
    """How PyInstaller finds the hooks of _standalone_runtime/freezing.py.

    It asks every distribution on sys.path.  Of a venv's, only the standard
    library is always there.  The name is the one that pip does not list:
    https://github.com/pypa/pip/blob/main/src/pip/_internal/utils/compat.py
    """
    info = directory / f"python-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: python\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(
        "[pyinstaller40]\n"
        "hook-dirs = _standalone_runtime.freezing:hook_directories\n")


def ingredients(config: Config) -> inventory.Ingredients:
    """Return what the tree of a build is made of."""
    return inventory.Ingredients(
        cpython=components.cpython(config.version, pinned=config.is_pinned),
        # The source that is built has no Doc.
        notices=config.pristine / "Doc/license.rst",
        layout=config.layout, recipes=config.recipes,
        archives=config.archives, toolchain=config.chain,
        libc=config.platform.libc)


def _tests(library: Path, source: Path) -> None:
    """Copy the test packages, which `make install` was told to leave
    out."""
    for name in ("test", "idlelib/idle_test"):
        shutil.copytree(source / name, library / name, symlinks=True,
                        ignore=shutil.ignore_patterns("__pycache__"))


def _byte_compile(tree: Path, runner: Runner) -> None:
    """__pycache__ for the library, by the tree's own interpreter.

    Not for the tests, which are not shipped with the tree; nor for pip,
    whose bytecode would be a tenth of the archive and who has no use in
    a tree that cannot be written.
    """
    installed = InstalledTree(tree)
    lib, config_dir = installed.library, installed.config_dir
    python = interpreter.native(installed.interpreter)
    runner.steps([python.script(
        str(TOOLS / "relocate" / "bytecode.py"),
        str(lib), f"{PREFIX}/{lib.relative_to(tree)}", "test",
        "idlelib/idle_test", "site-packages", config_dir.name, cwd=tree)],
        "byte-compile")


def _gdb(stripped: Path, debug: Path, source: Path) -> None:
    """py-bt and its like for gdb, by the names under which it looks.

    https://sourceware.org/gdb/current/onlinedocs/gdb.html/objfile_002dgdbdotext-file.html
    """
    for pattern in (UNIX.programs, UNIX.libpython):
        for path in stripped.glob(pattern):
            shutil.copyfile(
                source / "Tools/gdb/libpython.py",
                debug / path.relative_to(stripped).with_name(
                    f"{path.name}-gdb.py"))
