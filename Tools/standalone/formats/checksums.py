"""SHA256SUMS: the hashes of a directory's files, as sha256sum writes them."""

from collections.abc import Mapping
from pathlib import Path

#: What the file is called.
FILE = "SHA256SUMS"


def read(path: Path) -> dict[str, str]:
    """Return file name → hash from a file in sha256sum's format.

    Raises OSError if *path* cannot be read, and ValueError if it is in
    another format or not UTF-8.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    return {name: sha256 for sha256, name
            in (line.split("  ", 1) for line in lines)}


def text(sums: Mapping[str, str]) -> str:
    """Return file name → hash in the form that `sha256sum --check` reads."""
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
