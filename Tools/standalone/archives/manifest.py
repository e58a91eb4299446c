"""The list of an archive's files that lies in the archive itself.

    # 755 bin/python3.13
    # link bin/python3 -> python3.13
    SHA-256  bin/python3.13
    # end SHA-256 OF ALL LINES ABOVE

In the format of sha256sum, which takes the other lines for comments:
`sha256sum -c` checks it, and so does, links and modes included,
`python -m _standalone_runtime verify`.  To sign an archive's contents it
is enough to sign this file.
https://www.gnu.org/software/coreutils/manual/html_node/cksum-output-modes.html
"""

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from standalone.core import stamp
from standalone.core.errors import BuildError

#: Where an archive of some kind has its own, below what is installed:
#: archives that are unpacked over each other keep theirs.
PLACE = "share/manifests/{}.sha256"


def text(contents: Mapping[str, Path | None], below: str = "") -> str:
    """The list of *contents*: path → file or symlink, None for a
    directory, which is not listed.

    Only what lies *below* that directory, a path with a slash at its
    end, is, and under its name from there on.  Raises BuildError for a
    name that cannot stand in a line.
    """
    marks, sums = [], []
    for path, source in sorted(contents.items()):
        if source is None or not path.startswith(below):
            continue
        name = path.removeprefix(below)
        if not name.isprintable() or "\\" in name or " -> " in name:
            raise BuildError(f"not a name for a manifest: {name!r}")
        if source.is_symlink():
            marks.append(f"# link {name} -> {os.readlink(source)}\n")
            continue
        if source.stat().st_mode & stat.S_IXUSR:
            marks.append(f"# 755 {name}\n")
        sums.append(f"{stamp.file_sha256(source)}  {name}\n")
    above = "".join([*marks, *sums])
    end = hashlib.sha256(above.encode()).hexdigest()
    return f"{above}# end {end}\n"
