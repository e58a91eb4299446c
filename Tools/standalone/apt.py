"""Where the machine's apt configuration says the Debian archive is.

Both formats of sources.list(5) are read.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

CONFIGURATION = Path("/etc/apt")

# An archive of a distribution has suites such as "bookworm" or
# "noble-updates"; those of third parties mostly have others, "./" among
# them.  A wrong guess costs a "404 Not Found": all is checked by hash.
_SUITE = re.compile(
    r"[a-z]+(-updates|-security|-backports|-proposed-updates)?(/updates)?")
_ONE_LINE = re.compile(
    r"\s*deb(?:-src)?\s+(?:\[[^]]*\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)"
    r"(?P<components>[^#]*)")


def archives(configuration: Path = CONFIGURATION) -> tuple[str, ...]:
    """Base URLs of the archives that have a ``main`` component, in order.

    Those with security updates come last: they hold few sources.
    """
    found: dict[str, bool] = {}
    for uri, suites in _entries(configuration):
        url = urlsplit(uri)
        # A password in the URL would end up in messages: see
        # apt_auth.conf(5) for where it belongs.
        if url.scheme in ("http", "https") and "@" not in url.netloc and any(
                _SUITE.fullmatch(suite) for suite in suites):
            security = all("security" in suite or "/updates" in suite
                           for suite in suites)
            base = uri.rstrip("/")
            found[base] = found.get(base, True) and security
    return tuple(sorted(found, key=lambda base: found[base]))


def _entries(configuration: Path) -> Iterator[tuple[str, list[str]]]:
    """Each URI of an enabled entry with ``main``, and its suites."""
    parts = configuration / "sources.list.d"
    for path in (configuration / "sources.list", *sorted(
            (*parts.glob("*.list"), *parts.glob("*.sources")))):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:             # none, or one only root may read
            continue
        yield from (_deb822 if path.suffix == ".sources"
                    else _one_line)(text)


def _one_line(text: str) -> Iterator[tuple[str, list[str]]]:
    for line in text.splitlines():
        entry = _ONE_LINE.match(line)
        if entry and "main" in entry["components"].split():
            yield entry["uri"], [entry["suite"]]


def _deb822(text: str) -> Iterator[tuple[str, list[str]]]:
    lines = [line for line in text.splitlines() if line[:1] != "#"]
    for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
        fields = {
            name.lower(): value.split() for name, value in re.findall(
                r"(?m)^([\w-]+):((?:.*\n?)(?:[ \t].*\n?)*)", stanza)}
        if (fields.get("enabled", ["yes"])[:1] not in (["no"], ["false"])
                and "main" in fields.get("components", ())):
            for uri in fields.get("uris", ()):
                yield uri, fields.get("suites", [])
