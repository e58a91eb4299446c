"""The LLVM that compiles the stencils of CPython's JIT.

Each version of CPython wants one version of LLVM for that, which is seldom
our compiler's.  A zig of another version has that clang.  The programs that
zig lacks are modules of this package.
"""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from standalone.core import stamp
from standalone.core.errors import UsageError
from standalone.core.layout import BUILD_PREFIX, TOOLS, Layout
from standalone.core.options import Options
from standalone.core.platform import Platform
from standalone.toolchain.jit import command

# VERSION.txt pins the package with the clang of that LLVM.
_REQUIREMENTS = Path(__file__).with_name("requirements")
_PROGRAMS = ("readobj", "objdump", "dwarfdump")
# Tools/jit copies the listing of each stencil into comments, if there is an
# llvm-objdump.  A thousand stencils are not worth that.
_LISTING = 'case "$*" in *--reloc*) exit ;; esac\n'


def wanted(tree: Path) -> str:
    """Return the version of LLVM that Tools/jit of a CPython wants, "21".

    Raises UsageError if no package of that version is pinned.
    """
    path = tree / "Tools/jit/_llvm.py"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    found = re.search(r'(?m)^_LLVM_VERSION = "?(\d+)"?$', text)
    if not found:
        raise UsageError(f"{path} does not say which LLVM it wants")
    if not requirements(found[1]).is_file():
        known = sorted(path.stem for path in _REQUIREMENTS.iterdir())
        raise UsageError(
            f"{path} wants LLVM {found[1]}, and no package of it is pinned",
            hint=f"pinned versions: {', '.join(known)}")
    return found[1]


def requirements(version: str) -> Path:
    """Return the requirements file for that version of LLVM."""
    return _REQUIREMENTS / f"{version}.txt"


def packages(layout: Layout, tree: Path,
             options: Options) -> dict[Path, Path]:
    """Return directory → requirements of the packages for a JIT, if any.

    Raises UsageError like wanted().
    """
    if "jit" not in options:
        return {}
    version = wanted(tree)
    return {layout.llvm(version): requirements(version)}


def key(layout: Layout, tree: Path, options: Options) -> str:
    """Return a hash of what makes the stencils, or "" without a JIT."""
    if "jit" not in options:
        return ""
    version = wanted(tree)
    return stamp.key(programs(layout, version),
                     stamp.tree_sha256(Path(__file__).parent))


def programs(layout: Layout, version: str) -> Mapping[str, str]:
    """Return name → the script that runs a program of that LLVM."""
    zig = layout.llvm(version) / "ziglang"
    sysroot = layout.toolchain / "sysroot"
    clang = shlex.join(map(str, (
        zig / "zig", "clang", "--start-no-unused-arguments",
        "--no-default-config", f"--sysroot={sysroot}",
        f"--gcc-toolchain={sysroot}/usr", f"-resource-dir={zig / 'lib'}",
        f"-ffile-prefix-map={layout.work}={BUILD_PREFIX}",
        "--end-no-unused-arguments")))
    path = ":".join(map(str, (
        TOOLS.parent, layout.host, layout.llvm(version))))
    # They run once for each stencil: keep their bytecode.
    cache = layout.stage("build") / "llvm/bytecode"
    # configure prefers a Python of the version that it builds, and Tools/jit
    # needs a newer one than a machine may have under another name.
    python = ".".join(layout.version.split(".")[:2])
    scripts = {
        "clang": f"exec {clang}",
        f"python{python}": 'exec "$STANDALONE_PYTHON"',
        **{f"llvm-{name}": f"{_LISTING * (name == 'objdump')}"
           f"export {command.VERSION}={version}\n"
           f"export PYTHONPATH={shlex.quote(path)}\n"
           f"export PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX={cache}\n"
           f'exec "$STANDALONE_PYTHON" -m {__name__}.{name}'
           for name in _PROGRAMS}}
    return {name: f'#!/bin/sh\n{text} "$@"\n'
            for name, text in scripts.items()}


def flags(platform: Platform) -> str:
    """Return CFLAGS_JIT, the flags to compile stencils.

    Stencils have no landing pads for indirect jumps, but they call and
    return as other code does.
    """
    return "-fcf-protection=return" if platform.arch.shadow_stack else ""


def directory(layout: Layout) -> Path:
    """Return the directory of the programs, for PATH."""
    return layout.stage("build") / "llvm/bin"


def install(layout: Layout, version: str) -> None:
    """Write the programs into directory()."""
    place = directory(layout)
    place.mkdir(parents=True)
    for name, text in programs(layout, version).items():
        (place / name).write_text(text, encoding="utf-8")
        (place / name).chmod(0o755)
