"""Stage: make a relocatable tree from the result of `make install`.

    install/  →  tree/install/   the whole tree, with debug information
                 tree/stripped/  its ELF files without debug information
                 tree/debug/     the debug information, by build-id, and
                                 gdb's Python scripts
                 tree/licenses/  the licence texts by component
                 tree/components.json  the components of the tree
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
    """Make the tree from a copy of the installed one."""
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
        _normalise_modes(tree)       # some files are read-only
        data = _sysconfig(tree, layout.work)
        _config_dir(tree, layout.work)
        _program(tree, str(data["VERSION"]), str(data["LDVERSION"]))
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
        _normalise_modes(tree)       # new files were made with our umask
        strip.split_tree(tree, out / "stripped", out / "debug")
        _gdb(out / "stripped", out / "debug", layout.stage("source"))


def _normalise_modes(tree: Path) -> None:
    """Set the mode of every file and directory to 644 or 755."""
    for path in tree.rglob("*"):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runs else 0o644)


def _sysconfig(tree: Path, work: Path) -> dict[str, sysconfigdata.Value]:
    """Clean _sysconfigdata and return its new contents."""
    path = InstalledTree(tree).sysconfigdata
    data = sysconfigdata.cleaned(sysconfigdata.read(path), work)
    # The flags that linked our interpreter do not suit other programs.
    data["LINKFORSHARED"] = "-Wl,--export-dynamic"
    # The libraries that a program linked with libpython's archive needs;
    # before glibc 2.34 they are separate.  CMake's FindPython reads only
    # this variable.
    data["LIBS"] = " ".join(dict.fromkeys(
        f"{data['LIBS']} -lrt {data['LIBM']} {data['LIBC']}".split()))
    sysconfigdata.write(path, data)
    for record in InstalledTree(tree).library.glob("_sysconfig_vars_*.json"):
        record.write_text(json.dumps(sysconfigdata.variables(
            json.loads(record.read_text()), data), indent=2) + "\n")
    return data


def _config_dir(tree: Path, work: Path) -> None:
    """Clean the text files in lib/python3.13/config-*."""
    for path in InstalledTree(tree).config_dir.iterdir():
        if path.suffix not in (".a", ".o"):
            path.write_text(
                sysconfigdata.clean(path.read_text(), work)
                .replace(f"#!{PREFIX}/bin/", "#!/usr/bin/env "))


def _program(tree: Path, version: str, ldversion: str) -> None:
    """Make python3.14 a symbolic link to python3.14t, or python3.14d.

    `make install` makes it a hard link, of which our archives and most
    copies would have two files.
    """
    program = tree / "bin" / f"python{version}"
    if version != ldversion:
        program.unlink()
        program.symlink_to(f"python{ldversion}")


def _scripts(tree: Path, data: dict[str, sysconfigdata.Value]) -> None:
    """Add bin/python, and make scripts run the interpreter next to them."""
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
    """Correct the hashes and sizes of the scripts that we changed.

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
    """Make the prefixes relative to the directory of the .pc file.

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
    """Write .pc files for libpython's archive, in the archive's directory.

    They have the same names as those of the shared library.  In one
    directory, -lpython would always find the shared library:
    `pkg-config --static` only adds the libraries that one depends on.
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
    """Add the members of all *linked* archives to libpython's archive."""
    archive = InstalledTree(tree).static_library
    with tempfile.TemporaryDirectory(dir=tree.parent) as scratch:
        runner.steps(staticlib.commands(archive, [
            *sorted((layout.stage("build") / "Modules").rglob("*.a")),
            *(layout.dep(name) / "lib" / file
              for name, archives in linked.items()
              for file in archives)], Path(scratch)), "libpython")


def _data(tree: Path, prefix: Path, data: Mapping[str, str]) -> None:
    """Copy the files that a dependency reads at run time (terminfo)."""
    for source, target in data.items():
        shutil.copytree(prefix / source, tree / target,
                        symlinks=True, dirs_exist_ok=True)


def _libraries(tree: Path, prefix: Path, names: Iterable[str]) -> None:
    """Copy the shared libraries of a dependency to lib/."""
    for name in names:
        shutil.copy2(prefix / "lib" / name, tree / "lib")


def _entry_points(directory: Path, version: str) -> None:
    """Register the hooks of _standalone_runtime/freezing.py for PyInstaller.

    PyInstaller looks for entry points in all distributions on sys.path.
    In a virtual environment, only the standard library's directory is
    always on that path.  pip does not list distributions named "python":
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
    """Return the inputs that `inventory.find` needs for a build."""
    return inventory.Ingredients(
        cpython=components.cpython(config.version, pinned=config.is_pinned),
        notices=config.notices,
        layout=config.layout, recipes=config.recipes,
        archives=config.archives, toolchain=config.chain,
        libc=config.platform.libc)


def _tests(library: Path, source: Path) -> None:
    """Copy the test packages, which `make install` does not install."""
    for name in ("test", "idlelib/idle_test"):
        shutil.copytree(source / name, library / name, symlinks=True,
                        ignore=shutil.ignore_patterns("__pycache__"))


def _byte_compile(tree: Path, runner: Runner) -> None:
    """Compile the standard library with the tree's own interpreter.

    Skip the tests, which have an archive of their own, and pip: its
    bytecode would add a tenth to the archive, and pip is of no use in a
    read-only tree.
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
    """Copy gdb's commands, such as py-bt, to the names that gdb loads.

    https://sourceware.org/gdb/current/onlinedocs/gdb.html/objfile_002dgdbdotext-file.html
    """
    commands = "\n\n".join(path.read_text(encoding="utf-8") for path in (
        source / "Tools/gdb/libpython.py",
        TOOLS / "relocate" / "gdb_frames.py"))
    for pattern in (UNIX.programs, UNIX.libpython):
        for path in stripped.glob(pattern):
            place = path.relative_to(stripped)
            (debug / place.with_name(f"{path.name}-gdb.py")).write_text(
                commands, encoding="utf-8")
