"""Debian's version numbers: their order, and upstream's version in them.

https://manpages.debian.org/deb-version.7 defines both.  This is our own code
because the libraries for it are part of apt or of packages that pip would
have to install first, and `dpkg` exists only on Debian.
"""

import re

# Debian removed files from upstream's archive: "+dfsg2", "~ds", ".repack1".
_REPACKED = re.compile(r"[+.~](dfsg|ds|repack)[.\d]*$")

Key = tuple[int, list[tuple[tuple[int, ...], int]],
            list[tuple[tuple[int, ...], int]]]


def key(version: str) -> Key:
    """Return a key that sorts versions in Debian's order."""
    epoch, upstream, revision = _split(version)
    return int(epoch), _key(upstream), _key(revision)


def upstream(version: str) -> str:
    """Return the version of upstream's release in a Debian version.

    "1:1.3.dfsg+really1.3.1-2" is a package of 1.3.1.
    """
    text = _split(version)[1]
    text = text.partition("+really")[2] or text
    return _REPACKED.sub("", text)


def _split(version: str) -> tuple[str, str, str]:
    """Return the epoch, upstream's part and Debian's revision."""
    epoch, colon, rest = version.partition(":")
    if not colon or not epoch.isdecimal():
        epoch, rest = "0", version
    text, hyphen, revision = rest.rpartition("-")
    return (epoch, text, revision or "0") if hyphen else (epoch, rest, "0")


def _key(text: str) -> list[tuple[tuple[int, ...], int]]:
    # The last match is empty and sorts the end of the text after "~".
    return [(_letters(letters), int(digits or 0))
            for letters, digits in re.findall(r"([^0-9]*)([0-9]*)", text)]


def _letters(text: str) -> tuple[int, ...]:
    """Sort "~" before the end of the text, and letters before the rest."""
    return *(-1 if char == "~" else ord(char) + 256 * (not char.isalpha())
             for char in text), 0
