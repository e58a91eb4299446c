"""Ask apt which Debian archives this machine is configured to use."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from standalone.core.errors import BuildError
from standalone.core.process import output

# A distribution's archive has suites such as "bookworm" or
# "noble-updates"; most third-party archives have others, for example "./".
# A wrong guess does no harm beyond a "404 Not Found", because every
# download is checked against its pinned hash.
_SUITE = re.compile(
    r"[a-z]+(-updates|-security|-backports|-proposed-updates)?(/updates)?")


_DEBIAN_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def archives(configuration: Path | None = None) -> tuple[str, ...]:
    """Return base URLs of the archives that have a ``main`` component.

    They are in apt's order, except that archives of security updates,
    which contain few sources, come last.  *configuration* is a directory
    to use instead of /etc/apt.
    """
    found: dict[str, bool] = {}
    for base, suite in suites(configuration):
        found[base] = found.get(base, True) and is_security(suite)
    return tuple(sorted(found, key=lambda base: found[base]))


def suites(configuration: Path | None = None) -> tuple[tuple[str, str], ...]:
    """Return base URL and suite of each ``main`` component, in apt's order.

    *configuration* is a directory to use instead of /etc/apt.
    """
    found: dict[tuple[str, str], None] = {}
    for uri, suite in _targets(configuration):
        url = urlsplit(uri)
        # A password in the URL would appear in our messages.  It belongs
        # in the files that apt_auth.conf(5) describes.
        if (url.scheme in ("http", "https") and "@" not in url.netloc
                and _SUITE.fullmatch(suite)):
            found[uri.rstrip("/"), suite] = None
    return tuple(found)


def is_security(suite: str) -> bool:
    """Return whether *suite* has only security updates."""
    return "security" in suite or "/updates" in suite


def keyrings(base: str,
             configuration: Path | None = None) -> Iterator[bytes | Path]:
    """Yield the keys that may sign the indices of the archive *base*.

    A key is a file, or the text of one.  It is what Signed-By says in
    apt's entries for *base*, else what apt trusts for all archives; and
    Debian's own.  https://manpages.debian.org/sources.list.5
    """
    files = _directories(configuration)
    signed_by = [keys for entry in _entries(files)
                 if re.search(rf"(?m)(^|\s){re.escape(base)}/?(\s|$)", entry)
                 for keys in _signed_by(entry)]
    if signed_by:
        yield from (key for key in signed_by
                    if isinstance(key, bytes) or key.is_file())
    else:
        yield from (path for path in (
            files["trusted"], *sorted(files["trustedparts"].glob("*.gpg")),
            *sorted(files["trustedparts"].glob("*.asc"))) if path.is_file())
    if _DEBIAN_KEYS.is_file():
        yield _DEBIAN_KEYS


def _directories(configuration: Path | None) -> dict[str, Path]:
    """Return the paths of apt's configuration by the names of the options."""
    names = {"sourcelist": "f", "sourceparts": "d", "trusted": "f",
             "trustedparts": "d"}
    argv = ["apt-config", "shell"]
    if configuration is not None:
        argv.insert(1, f"--option=Dir::Etc={configuration}")
    for name, kind in names.items():
        argv += [name, f"Dir::Etc::{name}/{kind}"]
    assignments = shlex.split(output(argv))
    return {name: Path(path) for name, _, path in (
        assignment.partition("=") for assignment in assignments)}


def _entries(files: dict[str, Path]) -> Iterator[str]:
    """Yield the entries of the source lists: lines, or stanzas of deb822.

    They have no comments.
    """
    parts = files["sourceparts"]
    for path in (files["sourcelist"], *sorted(parts.glob("*.list")),
                 *sorted(parts.glob("*.sources"))):
        if path.is_file():
            text = re.sub(r"(?m)^\s*#.*\n?", "",
                          path.read_text(errors="replace"))
            yield from (re.split(r"\n\s*\n", text)
                        if path.suffix == ".sources" else text.splitlines())


def _signed_by(entry: str) -> Iterator[bytes | Path]:
    """Yield the keyrings that Signed-By names or contains in an entry.

    It may also name fingerprints of keys that apt trusts.
    """
    block = re.search(r"(?im)^signed-by:\s*\n((?:[ \t].*(?:\n|$))+)", entry)
    if block and "-----BEGIN" in block[1]:
        lines = [line.strip() for line in block[1].splitlines()]
        yield "\n".join("" if line == "." else line
                        for line in lines).encode()
        return
    for names in re.findall(r"(?i)\bsigned-by[:=]\s*([^\]\s]+"
                            r"(?:[ \t]+/[^\]\s]+)*)", entry):
        yield from (Path(name) for name in re.split(r"[,\s]+", names)
                    if name.startswith("/"))


def _targets(configuration: Path | None) -> list[tuple[str, str]]:
    """Return URI and suite of each source of a ``main`` component.

    The list is empty on a machine without apt.
    https://salsa.debian.org/apt-team/apt/-/blob/main/doc/acquire-additional-files.md
    """
    argv = ["apt-get", "indextargets",
            # Work even if `apt-get update` has never run.
            "--no-release-info",
            "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)"]
    if configuration is not None:
        argv.append(f"--option=Dir::Etc={configuration}")
    try:
        lines = [line.split() for line in output(argv).splitlines()]
    except BuildError:
        return []
    return [(line[0], line[1]) for line in lines if line[2:] == ["main"]]
