"""Write an archive's manifest, which is part of the archive.

    # 755 bin/python3.13
    # link bin/python3 -> python3.13
    SHA-256  bin/python3.13
    # end SHA-256 OF ALL LINES ABOVE

The format is that of sha256sum, which ignores comments: `sha256sum -c`
checks the hashes, and `python -m _standalone_runtime verify` also checks
links and modes.  To sign an archive's contents, sign this file.
https://www.gnu.org/software/coreutils/manual/html_node/cksum-output-modes.html
"""

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from standalone.core import stamp
from standalone.core.errors import BuildError

#: The path in the installed tree, by kind of archive, so that archives
#: unpacked over each other do not overwrite each other's manifest.
PLACE = "share/manifests/{}.sha256"


def text(contents: Mapping[str, Path | None], below: str = "") -> str:
    """Return the manifest of *contents*.

    *contents* maps paths to files or symbolic links, or to None for
    directories, which are not listed.  List only paths *below* that
    directory (which ends with a slash), relative to it.  Raises
    BuildError for a name that the format cannot express.
    """
    marks, sums = [], []
    for path, source in sorted(contents.items()):
        if source is None or not path.startswith(below):
            continue
        name = path.removeprefix(below)
        if not name.isprintable() or "\\" in name or " -> " in name:
            raise BuildError(f"a manifest cannot list the name {name!r}")
        if source.is_symlink():
            marks.append(f"# link {name} -> {os.readlink(source)}\n")
            continue
        if source.stat().st_mode & stat.S_IXUSR:
            marks.append(f"# 755 {name}\n")
        sums.append(f"{stamp.file_sha256(source)}  {name}\n")
    above = "".join([*marks, *sums])
    end = hashlib.sha256(above.encode()).hexdigest()
    return f"{above}# end {end}\n"
