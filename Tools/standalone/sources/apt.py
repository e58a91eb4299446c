"""Ask apt where the Debian archive is that this machine is configured for."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from standalone.core.errors import BuildError
from standalone.core.process import output

# An archive of a distribution has suites such as "bookworm" or
# "noble-updates"; those of third parties mostly have others, "./" among
# them.  A wrong guess costs a "404 Not Found": all is checked by hash.
_SUITE = re.compile(
    r"[a-z]+(-updates|-security|-backports|-proposed-updates)?(/updates)?")


def archives(configuration: Path | None = None) -> tuple[str, ...]:
    """Return base URLs of the archives that have a ``main`` component.

    They are in apt's order, but those with security updates come last:
    they hold few sources.  *configuration* replaces /etc/apt.
    """
    found: dict[str, bool] = {}
    for uri, suite in _targets(configuration):
        url = urlsplit(uri)
        # A password in the URL would end up in messages: see
        # apt_auth.conf(5) for where it belongs.
        if (url.scheme in ("http", "https") and "@" not in url.netloc
                and _SUITE.fullmatch(suite)):
            security = "security" in suite or "/updates" in suite
            base = uri.rstrip("/")
            found[base] = found.get(base, True) and security
    return tuple(sorted(found, key=lambda base: found[base]))


def _targets(configuration: Path | None) -> list[tuple[str, str]]:
    """Return URI and suite of what `apt-get update` would download of a
    ``main`` component; nothing on a machine without apt.

    https://salsa.debian.org/apt-team/apt/-/blob/main/doc/acquire-additional-files.md
    """
    argv = ["apt-get", "indextargets",
            # Also where `apt-get update` has never run.
            "--no-release-info",
            "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)"]
    if configuration is not None:
        argv.append(f"--option=Dir::Etc={configuration}")
    try:
        lines = [line.split() for line in output(argv).splitlines()]
    except BuildError:
        return []
    return [(line[0], line[1]) for line in lines if line[2:] == ["main"]]
