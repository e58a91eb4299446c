"""Compilers behind wrapper scripts with ordinary names.

CPython records the compiler it was configured with, and extension
builders use that record.  So it is configured with ``cc``, ``c++`` and
``ar``, and everything particular to our compilers is in wrapper scripts
of those names that stand first on PATH while we build.
"""

import shlex
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from standalone import stamp
from standalone.errors import UsageError
from standalone.model import Target
from standalone.paths import TOOLS, Layout

TOOLCHAINS = ("zig", "llvm", "gcc")

#: What the work directory is called in debug information.
BUILD_PREFIX = "/usr/src/standalone"


@dataclass(frozen=True)
class Toolchain:
    """Wrapper scripts by name, and what tells one compiler from another."""

    name: str
    wrappers: Mapping[str, str]
    version: str

    @property
    def key(self) -> str:
        """Changes when the compiler or its fixed flags change."""
        return stamp.key(self.name, self.version, self.wrappers)


def toolchain(name: str, target: Target, layout: Layout) -> Toolchain:
    """The toolchain of that name.  Raises UsageError for another."""
    match name:
        case "zig":
            return _zig(target, layout)
    raise UsageError(f"unknown TOOLCHAIN {name!r}",
                     hint=f"known: {', '.join(TOOLCHAINS)}")


def install(chain: Toolchain, directory: Path) -> None:
    """Write the wrapper scripts into *directory*/bin."""
    bin_dir = directory / "bin"
    bin_dir.mkdir(parents=True)
    for name, text in chain.wrappers.items():
        script = bin_dir / name
        script.write_text(text, encoding="utf-8")
        script.chmod(script.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP
                     | stat.S_IXOTH)


def _script(*words: str, env: Mapping[str, str] = {}) -> str:
    exports = "".join(f"{name}={shlex.quote(value)} "
                      for name, value in env.items())
    return f'#!/bin/sh\n{exports}exec {shlex.join(words)} "$@"\n'


def _mapped(layout: Layout) -> tuple[str, ...]:
    """Flags that keep our directories out of debug information, asserts
    and whatever else the compiler writes file names into.

    https://reproducible-builds.org/docs/build-path/
    """
    return (f"-ffile-prefix-map={layout.work}={BUILD_PREFIX}",)


def _zig(target: Target, layout: Layout) -> Toolchain:
    """zig cc: clang, lld and every glibc's headers and stub libraries.

    https://andrewkelley.me/post/zig-cc-powerful-drop-in-replacement-gcc-clang.html
    """
    zig = str(layout.host / "ziglang" / "zig")
    # Its caches stay out of the user's home and go with the work.
    caches = {"ZIG_GLOBAL_CACHE_DIR": f"{layout.work}/zig-cache",
              "ZIG_LOCAL_CACHE_DIR": f"{layout.work}/zig-cache"}
    # zig has names of its own for processors: x86_64_v3, not x86-64-v3.
    cpu = [f"-mcpu={target.march.replace('-', '_')}"] * bool(target.march)
    flags = ("-target", target.zig, *cpu, *_mapped(layout),
             # On without -O, unlike in other compilers.
             "-fno-sanitize=undefined",
             # What configure asks of flags is answered by errors only.
             "-Qunused-arguments")
    wrappers = {
        name: _script(zig, name, *flags, env=caches)
        for name in ("cc", "c++")}
    wrappers |= {name: _script(zig, name, env=caches)
                 for name in ("ar", "ranlib")}
    return Toolchain("zig", wrappers, version=stamp.file_sha256(TOOLS / "requirements.txt"))
