"""Requirements of the build on the host, and the host's Python packages.

The packages are installed by the pip in the CPython tree that is built
(Lib/ensurepip/_bundled), so the host needs no pip.
"""

import importlib
import json
import os
import re
import shutil
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from standalone.core import stamp
from standalone.core.errors import BuildError, FetchError, UsageError
from standalone.core.layout import TOOLS
from standalone.core.process import environment, output, pip_environment
from standalone.toolchain import compilers

REQUIREMENTS = TOOLS / "requirements.txt"
#: The file among the installed packages that maps wheels to SHA-256 (JSON).
WHEELS = "wheels.json"

_INSTALL = ("apt-get install", "dnf install", "apk add", "pacman -S")
# Tool → the packages that provide it, in the order of _INSTALL.
_PACKAGES = {
    "make": ("make", "make", "make", "make"),
    "perl": ("perl", "perl", "perl", "perl"),
    "python": ("python3", "python3", "python3", "python"),
    "gcc": ("gcc", "gcc", "gcc", "gcc"),
    "g++": ("g++", "gcc-c++", "g++", "gcc"),
    "clang": ("clang-19", "clang", "clang", "clang"),
    "clang++": ("clang-19", "clang", "clang", "clang"),
    "ld.lld": ("lld-19", "lld", "lld", "lld"),
    "llvm-ar": ("llvm-19", "llvm", "llvm", "llvm"),
    "llvm-ranlib": ("llvm-19", "llvm", "llvm", "llvm"),
    "llvm-profdata": ("llvm-19", "llvm", "llvm", "llvm"),
}
_TOOLS = ("make", "perl")
_OLDEST_CLANG = 19
# OpenSSL needs these modules, which Debian's perl-base and Fedora's
# perl-interpreter lack:
# https://github.com/openssl/openssl/blob/master/NOTES-PERL.md
_PERL_MODULES = ("FindBin", "IPC::Cmd", "File::Compare", "File::Copy")
# python3-minimal, or a Python built without -dev packages, lacks these.
_PYTHON_MODULES = ("bz2", "lzma", "ssl", "zlib")


def check(toolchain: str) -> None:
    """Raise UsageError if this machine lacks anything that is required.

    The error's hint has the commands that install it.
    """
    missing = list(_missing(toolchain))
    if missing:
        names = [name for name, _ in missing]
        raise UsageError(
            f"not on this machine: {', '.join(names)}",
            hint="install with one of:\n" + "\n".join(
                _install_commands(tool for _, tool in missing)))


def _missing(toolchain: str) -> Iterator[tuple[str, str]]:
    """Yield each missing requirement and its key in _PACKAGES."""
    if not hasattr(tarfile, "data_filter"):
        yield "Python 3.11.4 or newer", "python"
    for module in _PYTHON_MODULES:
        try:
            importlib.import_module(module)
        except ImportError:
            yield f"Python module {module}", "python"
    for tool in _TOOLS:
        if not shutil.which(tool):
            yield tool, tool
    if shutil.which("perl"):
        for module in _PERL_MODULES:
            if not _runs("perl", f"-M{module}", "-e", "1"):
                yield f"Perl module {module}", "perl"
    path = compilers.llvm_path() if toolchain == "llvm" else None
    for tool in compilers.PROGRAMS[toolchain]:
        found = shutil.which(tool, path=path)
        if not found:
            yield tool, tool
        elif tool == "clang" and _major(found) < _OLDEST_CLANG:
            yield f"clang {_OLDEST_CLANG} or newer", tool


def _major(clang: str) -> int:
    match = re.search(r"version (\d+)", output([clang, "--version"]))
    return int(match[1]) if match else 0


def _runs(*argv: str) -> bool:
    try:
        output(argv)
    except BuildError:
        return False
    return True


def _install_commands(tools: Iterable[str]) -> Iterator[str]:
    packages = [_PACKAGES[tool] for tool in tools]
    for command, names in zip(_INSTALL, zip(*packages, strict=True),
                              strict=True):
        yield f"  {command} {' '.join(sorted(set(names)))}"


def download_wheels(tree: Path, downloads: Path,
                    sources: Path | None = None,
                    requirements: Path = REQUIREMENTS) -> Path:
    """Download the wheels that *requirements* pins for this Python.

    Wheels that were downloaded before, or are in the user's directory
    *sources*, are not downloaded again.  Returns the directory of the
    wheels.  Raises FetchError.
    """
    wheels = downloads / "wheels"
    record = wheels / f"{key(requirements)}.json"
    if record.exists() and all(
            (wheels / name).exists()
            for name in json.loads(record.read_text())):
        return wheels
    offered = [f"--find-links={path}" for path in (wheels, sources) if path]
    try:
        wheels.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=downloads) as scratch:
            _download(tree, Path(scratch), offered, requirements)
            names = sorted(path.name for path in Path(scratch).iterdir())
            for name in names:
                Path(scratch, name).replace(wheels / name)
        stamp.write_atomic(record, json.dumps(names, indent=1))
    except OSError as exc:
        raise FetchError(f"cannot write {wheels}: {exc.strerror}") from exc
    return wheels


def download_wheel(tree: Path, wheel: str, dest: Path) -> Path:
    """Download the file *wheel* with pip into *dest*; return its path.

    The caller must verify its hash.  Raises BuildError with pip's
    message.
    """
    # https://packaging.python.org/specifications/binary-distribution-format/
    name, version, *_ = wheel.split("-")
    _pip(tree, "download", f"{name}=={version}", "--only-binary=:all:",
         "--no-deps", "--retries=2", "--dest", str(dest),
         env=pip_environment() | {"PIP_REQUIRE_HASHES": "0"})
    if not (dest / wheel).exists():
        found = ", ".join(sorted(path.name for path in dest.iterdir()))
        raise BuildError(f"pip found {found} instead")
    return dest / wheel


def _download(tree: Path, dest: Path, offered: list[str],
              requirements: Path) -> None:
    arguments = ("download", "--require-hashes", "--only-binary=:all:",
                 "--no-deps", "--requirement", str(requirements),
                 "--dest", str(dest), *offered)
    try:
        _pip(tree, *arguments, "--no-index", env=pip_environment())
    except BuildError:
        large = (f", including {compilers.PACKAGE} (100 MB)"
                 * (requirements == REQUIREMENTS))
        sys.stderr.write(f"fetch: Python packages with pip{large}\n")
        try:
            _pip(tree, *arguments, "--retries=2", env=pip_environment())
        except BuildError as exc:
            raise FetchError(
                f"cannot fetch the host's Python packages: {exc.message}",
                hint="or put the wheels that requirements.txt pins into a "
                "directory and pass it as SOURCES=DIR") from exc


def install(tree: Path, downloads: Path, dest: Path,
            requirements: Path = REQUIREMENTS) -> None:
    """Install the packages of download_wheels() into *dest*, offline.

    *dest*/ziglang/zig is the compiler.  Raises FetchError if a wheel is
    missing or does not have its pinned hash.
    """
    if stamp.is_fresh(dest, key(requirements)):
        return
    with stamp.output_dir(dest, key(requirements)) as scratch:
        # Ignore the user's pip.conf, and unpack on the disk of *dest*.
        env = environment(extra={"PIP_CONFIG_FILE": os.devnull,
                                 "TMPDIR": str(dest.parent)})
        try:
            _pip(tree, "install", "--require-hashes", "--no-index",
                 f"--find-links={downloads / 'wheels'}", "--no-deps",
                 "--no-compile", "--requirement", str(requirements),
                 "--target", str(scratch), env=env)
        except BuildError as exc:
            raise FetchError(
                f"cannot install the host's Python packages: {exc.message}",
                hint=f"remove {downloads / 'wheels'} to fetch them again"
                ) from exc
        (scratch / WHEELS).write_text(json.dumps(
            _hashes(downloads / "wheels", requirements), indent=1))


def _hashes(wheels: Path, requirements: Path) -> dict[str, str]:
    """Return the SHA-256 of each wheel of *requirements*, by file name."""
    names = json.loads((wheels / f"{key(requirements)}.json").read_text())
    return {name: stamp.file_sha256(wheels / name) for name in names}


def wheels(dest: Path) -> dict[str, str]:
    """Return file name → SHA-256 of the wheels installed in *dest*."""
    found: dict[str, str] = json.loads((dest / WHEELS).read_text())
    return found


def requirement(name: str) -> str:
    """Return the requirement for *name*, such as ``ziglang==0.17.1``.

    Source: requirements.txt.
    """
    [line] = re.findall(rf"(?m)^{name}==[^\s;]+",
                        REQUIREMENTS.read_text(encoding="utf-8"))
    return str(line)


def _pip(tree: Path, *arguments: str, env: dict[str, str]) -> None:
    """Run the pip bundled in *tree* with this Python.

    Raises UsageError if *tree* has no pip, BuildError if pip fails.
    """
    bundled = sorted((tree / "Lib/ensurepip/_bundled").glob("pip-*.whl"))
    if not bundled:
        raise UsageError(f"no pip in {tree}/Lib/ensurepip/_bundled")
    # Python can run pip from its wheel, which is a zip file:
    # https://docs.python.org/3/library/runpy.html
    output([sys.executable, "-I", f"{bundled[0]}/pip", *arguments],
           env=env | {"PIP_DISABLE_PIP_VERSION_CHECK": "1",
                      "PIP_REQUIRE_VIRTUALENV": "0"})


def key(requirements: Path = REQUIREMENTS) -> str:
    """Return the key of the packages that *requirements* pins.

    It includes this Python's version and platform, which decide which
    wheels are compatible.
    """
    return stamp.key(requirements.read_text(encoding="utf-8"), WHEELS,
                     sys.implementation.cache_tag, sysconfig.get_platform())
