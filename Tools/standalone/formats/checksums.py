"""Read and write SHA256SUMS, in the format of sha256sum."""

from collections.abc import Mapping
from pathlib import Path

#: The name of the file.
FILE = "SHA256SUMS"


def read(path: Path) -> dict[str, str]:
    """Return a mapping of file names to hashes.

    Raises OSError if *path* cannot be read, and ValueError if it is not
    in sha256sum's format or not UTF-8.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    return {name: sha256 for sha256, name
            in (line.split("  ", 1) for line in lines)}


def text(sums: Mapping[str, str]) -> str:
    """Return the file names and hashes as `sha256sum --check` reads them."""
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
