"""`make bench-startup`: measure the start-up cost of the runtime package.

The unit is instructions, which unlike seconds are reproducible:
https://valgrind.org/docs/manual/cl-manual.html
"""

import re
import shutil
import statistics
from dataclasses import dataclass
from pathlib import Path

from standalone.core import interpreter, stamp
from standalone.core.errors import UsageError, ValidationError
from standalone.core.layout import PREFIX, TOOLS
from standalone.core.process import output
from standalone.cpython import overlay
from standalone.formats.tree import InstalledTree
from standalone.pipeline import driver
from standalone.request import Config
from standalone.testing import testbed

#: The maximum growth of the start-up cost, in percent.
LIMIT = 0.5

_RUNS = 5
# Run bytecode.py for single files: pairs of path and path to record.
_COMPILE = """
import sys
sys.path.append(sys.argv[1])
import bytecode
for path, shown in zip(sys.argv[2::2], sys.argv[3::2]):
    bytecode.compile_file(path, shown)
"""


@dataclass(frozen=True)
class Startup:
    """The median instruction counts of ``python3 -c pass``."""

    shipped: int
    without: int                 # without the runtime package

    @property
    def growth(self) -> float:
        """The cost of the package, in percent."""
        return 100 * (self.shipped / self.without - 1)

    def __str__(self) -> str:
        return (f"python3 -c pass, instructions in {_RUNS} runs (median)\n"
                f"  without the runtime  {self.without:>12,}\n"
                f"  as shipped           {self.shipped:>12,}\n"
                f"  growth               {self.growth:>+12.3f} %"
                f"  (limit {LIMIT} %)")


def unavailable() -> str | None:
    """Return why this machine cannot count instructions, or None."""
    return None if shutil.which("valgrind") else "needs valgrind"


def bench(config: Config) -> None:
    """Print the counts.

    Raises UsageError if valgrind is missing, and ValidationError if the
    growth is above LIMIT.
    """
    reason = unavailable()
    if reason:
        raise UsageError(f"bench-startup {reason}",
                         hint="apt-get install valgrind")
    counted = startup(config)
    print(counted, flush=True)
    if counted.growth > LIMIT:
        raise ValidationError(
            f"start-up takes {counted.growth:.3f} % more instructions than "
            f"without the runtime; the limit is {LIMIT} %")


def startup(config: Config) -> Startup:
    """Count in an unpacked archive, with and without the runtime."""
    with (testbed.terminable(), driver.lock(config.layout),
          testbed.place() as place):
        testbed.shipped(config.layout, place / "python")
        shipped = _instructions(place)
        _take_out(place / "python", config.minor)
        return Startup(shipped, _instructions(place))


def _instructions(place: Path) -> int:
    argv = ("valgrind", "--tool=callgrind",
            f"--callgrind-out-file={place / 'tmp' / 'callgrind'}",
            f"--log-file={place / 'tmp' / 'log'}",
            str(InstalledTree(place / "python").python), "-c", "pass")
    # With a fixed seed, every run has the same hash collisions.
    env = testbed.environment(place) | {"PYTHONHASHSEED": "0"}
    counts = []
    for _ in range(_RUNS):
        output(argv, env)
        text = (place / "tmp" / "log").read_text()
        [found] = re.findall(r"Collected : (\d+)", text)
        counts.append(int(found))
    return int(statistics.median(counts))


def _take_out(tree: Path, minor: tuple[int, int]) -> None:
    """Undo our edits to the library, and compile the edited files."""
    library = InstalledTree(tree).library
    stamp.remove(library / "_standalone_runtime")
    edits = [edit for edit in reversed(overlay.edits())
             if edit.file.startswith("Lib/") and edit.fits(minor)
             and not edit.file.startswith("Lib/test/")]
    for edit in edits:
        path = library / edit.file.removeprefix("Lib/")
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(edit.new, edit.old, 1),
                        encoding="utf-8")
    names = sorted({edit.file.removeprefix("Lib/") for edit in edits})
    shown = f"{PREFIX}/{library.relative_to(tree)}"
    interpreter.native(InstalledTree(tree).python).prints(
        "-I", "-B", "-c", _COMPILE, str(TOOLS / "relocate"),
        *(word for name in names for word in (
            str(library / name), f"{shown}/{name}")))
