"""Ask apt which Debian archives this machine is configured to use."""

import re
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


def archives(configuration: Path | None = None) -> tuple[str, ...]:
    """Return base URLs of the archives that have a ``main`` component.

    They are in apt's order, except that archives of security updates,
    which contain few sources, come last.  *configuration* is a directory
    to use instead of /etc/apt.
    """
    found: dict[str, bool] = {}
    for uri, suite in _targets(configuration):
        url = urlsplit(uri)
        # A password in the URL would appear in our messages.  It belongs
        # in the files that apt_auth.conf(5) describes.
        if (url.scheme in ("http", "https") and "@" not in url.netloc
                and _SUITE.fullmatch(suite)):
            security = "security" in suite or "/updates" in suite
            base = uri.rstrip("/")
            found[base] = found.get(base, True) and security
    return tuple(sorted(found, key=lambda base: found[base]))


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
