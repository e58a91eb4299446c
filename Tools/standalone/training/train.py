"""`make standalone-train`: write the profile that OPTIONS=pgo uses.

    OPTIONS=instrumented → tree → load → profile/data/3.13.profdata.xz.b64

The load is CPython's own, `-m test --pgo`, and the programs of load.py,
which resemble what people run.
"""

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from standalone.core.errors import BuildError
from standalone.core.layout import TOOLS
from standalone.core.options import PLAIN, Options
from standalone.core.process import environment, output
from standalone.formats.tree import InstalledTree
from standalone.pipeline import driver
from standalone.profile import store
from standalone.profile.store import Facts
from standalone.request import Config
from standalone.toolchain import compilers, llvm

#: The parts of the load: a name, and arguments of the interpreter.
LOAD = {"-m test --pgo": ("-m", "test", "--pgo", "--timeout=1200"),
        "training/load.py": (str(TOOLS / "training/load.py"),)}

# Each process merges its counts into one of these files, under a lock.
_RAW = "%4m.profraw"


def without_profile(options: str) -> str:
    """Return OPTIONS that can be requested before a profile is stored.

    Raises UsageError for invalid OPTIONS.
    """
    return str(Options.parse(options).with_flavour(PLAIN))


def instrumented(config: Config) -> Config:
    """Return the request for the build that is trained.

    Raises UsageError if the toolchain cannot build it.
    """
    words = ["instrumented"]
    if "freethreaded" in config.variant.options:
        words.append("freethreaded")
    options = Options.parse("+".join(words))
    compilers.check(config.toolchain, options)
    return replace(config, options=str(options))


def train(config: Config) -> Path:
    """Build, train and store; return the description of the profile.

    Raises UsageError if the tools of LLVM are not on this machine, and
    BuildError if a part of the load fails: a profile of a program that does
    not work is worth nothing.
    """
    wanted = instrumented(config)
    tools = llvm.find(wanted.platform.arch)
    tree = driver.tree(wanted)
    with tempfile.TemporaryDirectory(prefix="standalone-train-") as scratch:
        moved = Path(scratch) / "python"
        shutil.copytree(tree, moved, symlinks=True)
        _run_load(InstalledTree(moved).interpreter, Path(scratch),
                  wanted.layout.logs / "train.log")
        data, functions = _merged(tools, Path(scratch))
    path = store.save(data, config.minor, config.variant.options, Facts(
        cpython=config.version,
        clang=output([*config.chain.compiler, "--version"]).splitlines()[0],
        runtime=tools.version,
        load=tuple(LOAD),
        functions=functions, sha256=""))
    print(f"{path}: {functions:,} functions", flush=True)
    return path


def _run_load(python: Path, scratch: Path, log: Path) -> None:
    """Run all parts of the load, and print how long each takes."""
    home = scratch / "home"
    home.mkdir()
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("")
    for name, arguments in LOAD.items():
        started = time.monotonic()
        with log.open("ab") as out:
            done = subprocess.run(
                [str(python), *arguments], cwd=home, stdout=out,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env=_environment(home, scratch))
        if done.returncode:
            raise BuildError(f"the training failed: {name}", log=log)
        print(f"  {name:<16} {time.monotonic() - started:7.1f} s", flush=True)


def _environment(home: Path, scratch: Path) -> Mapping[str, str]:
    return environment(extra={
        "HOME": str(home), "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8",
        "LLVM_PROFILE_FILE": str(scratch / _RAW)})


def _merged(tools: llvm.Tools, scratch: Path) -> tuple[bytes, int]:
    """Merge the counts of all processes.

    Return the profile, and how many functions it contains.
    """
    raw = sorted(map(str, scratch.glob("*.profraw")))
    if not raw:
        raise BuildError("the training wrote no profile")
    merged = scratch / "merged.profdata"
    output([str(tools.profdata), "merge", "-o", str(merged), *raw])
    shown = output([str(tools.profdata), "show", str(merged)])
    found = re.search(r"^Total functions: (\d+)$", shown, re.MULTILINE)
    if not found:
        raise BuildError(f"{tools.profdata.name} does not count functions")
    return merged.read_bytes(), int(found[1])
