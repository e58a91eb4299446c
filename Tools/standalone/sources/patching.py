"""Apply the patches of a pin to its unpacked source: all, or none.

A hunk has to match exactly: there is no fuzz.  It may match at another
line than it says, as in `patch`, but only if that is the only place.
"""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath

from unidiff.errors import UnidiffParseError
from unidiff.patch import Hunk, PatchedFile, PatchSet

from standalone.core.errors import BuildError, FetchError
from standalone.core.layout import TOOLS
from standalone.core.model import Patch, PatchSeries, Pin
from standalone.core.stamp import file_sha256
from standalone.sources import unpack

# Not TOOLS / "recipes" / "patches": every file there would then be part of
# the key of every dependency.  The hashes of a pin's patches are in its own.
_OURS = Path(TOOLS, "recipes", "patches")
# Any bytes are text in this encoding, and are not changed.
_BYTES = "latin-1"
_NOTHING = "/dev/null"


class _Mismatch(Exception):
    """The reason why a patch cannot be applied."""


def apply(pin: Pin, fetched: Path, source: Path,
          ours: Path = _OURS) -> None:
    """Apply the patches of *pin* to the files below *source*.

    *fetched* is the directory with the archives of patches, `Layout.fetched`,
    and *ours* the one with patches that are files of this repository.
    Nothing is written before all patches have been applied in memory.

    Raises FetchError if a patch is missing or has another hash than the
    pinned one, and BuildError if it does not apply.
    """
    tree = _Tree(source)
    for number, series in enumerate(pin.patches):
        archive = fetched / pin.patches_name(number)
        for patch, data in _read(series, archive, ours):
            try:
                tree.patch(data.decode(_BYTES))
            except (_Mismatch, UnidiffParseError) as exc:
                raise BuildError(
                    f"{pin.name} {pin.version}: the patch {patch.name} does "
                    f"not apply: {str(exc).strip()}",
                    hint="the source may contain the change already: update "
                    f"the patch, or remove it from [[{pin.name}.patches]] "
                    "in pins.toml") from exc
    try:
        tree.write()
    except OSError as exc:
        raise BuildError(f"cannot patch {exc.filename}: "
                         f"{exc.strerror}") from exc


def _read(series: PatchSeries, archive: Path,
          ours: Path) -> Iterator[tuple[Patch, bytes]]:
    """Yield patches with their contents, which are verified."""
    if series.archive:
        try:
            digest = file_sha256(archive)
        except OSError as exc:
            raise FetchError(f"cannot read the patches in {archive}: "
                             f"{exc.strerror}",
                             hint="run make standalone-fetch") from exc
        if digest != series.archive.sha256:
            raise _another(archive.resolve().name, series.archive.sha256,
                           digest)
        members = unpack.read_members(archive, [
            *map(series.path, (patch.name for patch in series.patches)),
            *filter(None, [series.series])])
        if series.series:
            _compare(series, members[series.series].decode("utf-8"))
    for patch in series.patches:
        if series.archive:
            data = members[series.path(patch.name)]
        else:
            try:
                data = (ours / patch.name).read_bytes()
            except OSError as exc:
                raise FetchError(f"cannot read the patch {ours / patch.name}: "
                                 f"{exc.strerror}") from exc
        if (digest := sha256(data).hexdigest()) != patch.sha256:
            raise _another(patch.name, patch.sha256, digest)
        yield patch, data


def _compare(series: PatchSeries, text: str) -> None:
    """Raise FetchError unless pins.toml accounts for the whole series.

    https://man7.org/linux/man-pages/man1/quilt.1.html: a line is the name
    of a patch and perhaps options, and # starts a comment.
    """
    lines = [words for line in text.splitlines()
             if (words := line.partition("#")[0].split())]
    listed = [name for name, *_ in lines]
    applied = [patch.name for patch in series.patches]
    wrong = [
        *(f"{name} has the options {' '.join(options)}"
          for name, *options in lines if options not in ([], ["-p1"])),
        *(f"{name} is neither in `members` nor in `omit`" for name in listed
          if name not in (*applied, *series.omitted)),
        *(f"{name} is not in {series.series}"
          for name in (*applied, *series.omitted) if name not in listed)]
    if not wrong and applied != [name for name in listed if name in applied]:
        wrong = ["`members` has another order"]
    if wrong:
        raise FetchError(
            f"pins.toml does not agree with {series.series}: {wrong[0]}",
            hint="list every patch of the series there, in `members` or in "
            "`omit`")


def _another(name: str, expected: str, digest: str) -> FetchError:
    return FetchError(f"{name} refused: expected sha256 {expected}, "
                      f"got {digest}")


@dataclass
class _Tree:
    """A source and the changes to it, which `write` puts in place."""

    source: Path
    changed: dict[str, list[str] | None] = field(default_factory=dict)
    modes: dict[str, int] = field(default_factory=dict)   # of new files

    def patch(self, text: str) -> None:
        """Record the changes of a patch.  Raises _Mismatch."""
        files = PatchSet(io.StringIO(text))
        # The parser takes a header that it does not understand for prose.
        headers = sum(line.startswith("@@ -") for line in io.StringIO(text))
        if not files or headers != sum(len(file) for file in files):
            raise _Mismatch("it is not a unified diff")
        for file in files:
            self._file(file)

    def _file(self, file: PatchedFile) -> None:
        old, new = (None if name == _NOTHING else _inside(name)
                    for name in (file.source_file, file.target_file))
        name = new or old
        if (name is None or old not in (None, name) or not file
                or file.is_binary_file or file.is_symlink):
            raise _Mismatch(f"{name}: only the contents of text files can be "
                            "changed")
        before = self._lines(name)
        if old and before is None:
            raise _Mismatch(f"{name}: no such file")
        if not old and before is not None:
            raise _Mismatch(f"{name}: exists already")
        after = _patched(name, before or [], file)
        if not new and after:
            raise _Mismatch(f"{name}: has more lines than the patch removes")
        self.changed[name] = after if new else None
        if not old:
            self.modes[name] = 0o755 if file.target_mode == "100755" else 0o644

    def _lines(self, name: str) -> list[str] | None:
        """Return the present lines of a file, or None if there is none."""
        if name in self.changed:
            return self.changed[name]
        path = self.source / name
        if not path.resolve().is_relative_to(self.source.resolve()):
            raise _Mismatch(f"{name}: is outside the source")
        if path.is_symlink() or path.is_dir():
            raise _Mismatch(f"{name}: is not a regular file")
        if not path.exists():
            return None
        return _split(path.read_bytes().decode(_BYTES))

    def write(self) -> None:
        """Write the changed files.

        They keep their modification times: make would otherwise run
        autotools, which build machines lack, after a patch to their input.
        """
        for name, lines in self.changed.items():
            path = self.source / name
            if lines is None:
                path.unlink(missing_ok=True)
                continue
            times = path.stat() if path.exists() else None
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes("".join(lines).encode(_BYTES))
            if times:
                os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
            else:
                path.chmod(self.modes[name])


def _split(text: str) -> list[str]:
    """Return lines with their ends; only "\\n" ends a line."""
    return list(io.StringIO(text, newline="\n"))


def _inside(name: str) -> str:
    """Return *name* without its first component, as `patch -p1` does.

    Raises _Mismatch if it leads out of the source.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise _Mismatch(f"{name}: is outside the source")
    if len(path.parts) < 2 or name.startswith('"'):
        raise _Mismatch(f"{name}: has no directory to remove, or is quoted")
    return str(PurePosixPath(*path.parts[1:]))


def _patched(name: str, old: list[str], file: PatchedFile) -> list[str]:
    """Return the lines of a file after all hunks.  Raises _Mismatch."""
    new: list[str] = []
    done = 0                     # lines of *old*
    for number, hunk in enumerate(file, 1):
        before, after = _sides(hunk)
        # A hunk without old lines names the line that it follows.
        line = hunk.source_start - bool(hunk.source_length)
        places = [line] if _matches(old, before, line, done) else [
            place for place in range(done, len(old) - len(before) + 1)
            if before and old[place:place + len(before)] == before]
        if len(places) != 1:
            raise _Mismatch(
                f"{name}, hunk {number} (@@ -{hunk.source_start},"
                f"{hunk.source_length} +{hunk.target_start},"
                f"{hunk.target_length} @@): its old lines are "
                + (f"in {len(places)} other places" if places
                   else "not there"))
        new += old[done:places[0]] + after
        done = places[0] + len(before)
    return new + old[done:]


def _matches(old: list[str], before: list[str], line: int,
             done: int) -> bool:
    """Return whether *before* is at *line*, after the *done* lines."""
    return (done <= line <= len(old)
            and old[line:line + len(before)] == before)


def _sides(hunk: Hunk) -> tuple[list[str], list[str]]:
    """Return the old and the new lines of a hunk."""
    before: list[str] = []
    after: list[str] = []
    last: list[list[str]] = []
    for line in hunk:
        if line.line_type == "\\":       # No newline at end of file
            for side in last:
                side[-1] = side[-1].removesuffix("\n")
            continue
        last = [side for side, changed in (
            (before, line.is_removed), (after, line.is_added))
            if changed or line.is_context]
        for side in last:
            side.append(line.value)
    return before, after
