"""The stored profiles: which one fits a build, and is it intact?

`make standalone-train` writes a profile as two files below profile/data:

    3.13.profdata.xz.b64    counts for each function, LLVM's indexed format
    3.13.json               which CPython was trained, and how

The profile is compressed, and encoded because patches are text: `base64 -d
3.13.profdata.xz.b64 | xz -d` decodes it.
Builds without the GIL have profiles of their own: 3.14-freethreaded.
"""

import base64
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from standalone.core import stamp
from standalone.core.errors import UsageError
from standalone.core.options import Options, Variant

#: The directory of the profiles in the repository.
DATA = Path(__file__).with_name("data")

#: The option that has profiles of its own.
_MARK = "freethreaded"
_SUFFIX = ".profdata.xz.b64"
_NAME = re.compile(rf"(\d+)\.(\d+)(-{_MARK})?\.json")
_HINT = "make standalone-train writes a new one; OPTIONS=lto needs none"


@dataclass(frozen=True)
class Facts:
    """How a profile was made.

    *cpython* is the version that was trained, *clang* the first line of
    the compiler's --version, *runtime* the version of the llvm-profdata
    that wrote the profile, and *load* names the parts of the training.
    *functions* is the number of functions that the profile has, and *sha256*
    the hash of the encoded file.
    """

    cpython: str
    clang: str
    runtime: str
    load: tuple[str, ...]
    functions: int
    sha256: str


@dataclass(frozen=True)
class Profile:
    """A stored profile.  *minor* is the feature version of its CPython."""

    minor: tuple[int, int]
    path: Path                   # of the encoded profile
    facts: Facts

    def check(self) -> None:
        """Raise UsageError unless the profile is what was stored."""
        try:
            sha256 = stamp.file_sha256(self.path)
        except FileNotFoundError:
            raise UsageError(f"{self.path} is missing", hint=_HINT) from None
        if sha256 != self.facts.sha256:
            raise UsageError(
                f"{self.path} is truncated or was replaced: its hash is not "
                "the one in its .json file", hint=_HINT)

    def read(self) -> bytes:
        """Return the profile as clang reads it.

        Raises UsageError like check().
        """
        # Import late: a Python may lack it, and sources.host reports that.
        import lzma
        self.check()
        return lzma.decompress(base64.decodebytes(self.path.read_bytes()))

    def check_compiler(self, version: str) -> None:
        """Raise UsageError unless the compiler can read the profile.

        *version* is the output of its --version.  Another LLVM would number
        the counters of a function in another way.
        """
        trained, here = (_major(text) for text in (self.facts.clang, version))
        if trained != here:
            raise UsageError(
                f"{self.path.name} was made with clang {trained}, and the "
                f"compiler here is clang {here}",
                hint="use the default TOOLCHAIN, or OPTIONS=lto, which needs "
                     "no profile")


def wanted(variant: Variant) -> Profile | None:
    """Return the profile of a build, or None if it is built without.

    Raises UsageError like find().
    """
    if "pgo" not in variant.options:
        return None
    return find(variant.version, variant.options)


def key(variant: Variant) -> str:
    """Return the hash of the profile of a build; "" for one without."""
    profile = wanted(variant)
    return profile.facts.sha256 if profile else ""


def find(minor: tuple[int, int], options: Options,
         directory: Path = DATA) -> Profile:
    """Return the profile for a feature version of CPython, (3, 13).

    If none is stored for it, return the profile of the nearest version,
    which has most functions in common.  Raises UsageError if no profile is
    stored for *options*, or if its description is invalid.
    """
    mark = f"-{_MARK}" if _MARK in options else ""
    stored = {(int(name[1]), int(name[2])): path
              for path in directory.glob("*.json")
              if (name := _NAME.fullmatch(path.name))
              and (name[3] or "") == mark}
    if not stored:
        raise UsageError(f"no profile is stored for OPTIONS={options}",
                         hint=_HINT)
    nearest = min(stored, key=lambda other: (
        abs(other[0] - minor[0]), abs(other[1] - minor[1]), other))
    return load(nearest, stored[nearest])


def load(minor: tuple[int, int], description: Path) -> Profile:
    """Return the profile that a file describes.

    Raises UsageError if the description is invalid.
    """
    try:
        values = json.loads(description.read_text(encoding="utf-8"))
        facts = Facts(**values | {"load": tuple(values["load"])})
    except (OSError, ValueError, TypeError, KeyError) as exc:
        raise UsageError(f"{description} does not describe a profile",
                         hint=_HINT) from exc
    return Profile(minor, description.with_suffix(_SUFFIX), facts)


def save(data: bytes, minor: tuple[int, int], options: Options,
         facts: Facts, directory: Path = DATA) -> Path:
    """Store a profile; return the path of its description.

    The description contains the hash of the encoded file, not the hash in
    *facts*.
    """
    import lzma
    mark = f"-{_MARK}" if _MARK in options else ""
    description = directory / f"{minor[0]}.{minor[1]}{mark}.json"
    encoded = base64.encodebytes(
        lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))
    directory.mkdir(parents=True, exist_ok=True)
    scratch = description.with_suffix(".tmp")
    try:
        scratch.write_bytes(encoded)
        values = asdict(facts) | {"sha256": stamp.file_sha256(scratch)}
        scratch.replace(description.with_suffix(_SUFFIX))
    finally:
        scratch.unlink(missing_ok=True)
    stamp.write_atomic(description, json.dumps(values, indent=1) + "\n")
    return description


def _major(version: str) -> str:
    found = re.search(r"clang version (\d+)", version)
    return found[1] if found else "?"
