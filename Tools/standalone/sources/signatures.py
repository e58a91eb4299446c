"""Verify the signatures of a Debian archive with gpgv."""

import base64
import binascii
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from standalone.core.process import environment
from standalone.sources.download import Unavailable


def signed_text(signed: bytes, keys: Iterable[bytes | Path],
                home: Path) -> str:
    """Return the text of InRelease, a clearsigned message.

    One good signature is enough: Debian signs with the keys of several
    releases, and older machines do not know the newest.  *keys* are
    keyrings, as files or as armored text, and *home* is an empty directory.
    Raises Unavailable if there is no good signature.
    """
    if not shutil.which("gpgv"):
        raise Unavailable("cannot verify it: no gpgv on this machine")
    (home / "InRelease").write_bytes(signed)
    argv = ["gpgv", "--homedir", str(home), "--status-fd", "1",
            "--output", str(home / "text")]
    for number, key in enumerate(keys):
        argv += ["--keyring", str(_binary(key, home / f"{number}.gpg"))]
    done = subprocess.run(
        [*argv, str(home / "InRelease")], env=environment(),
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        errors="replace")
    status = re.findall(r"(?m)^\[GNUPG:\] (\w+) ?(\w*)", done.stdout)
    words = {word for word, _ in status}
    if "BADSIG" in words:
        raise Unavailable("InRelease was changed after it was signed")
    if "GOODSIG" not in words:
        unknown = [key for word, key in status if word == "NO_PUBKEY"]
        raise Unavailable(
            f"InRelease is signed by keys that this machine does not trust: "
            f"{', '.join(unknown)}" if unknown
            else "InRelease has no valid signature")
    try:
        return (home / "text").read_text(encoding="utf-8")
    except (OSError, ValueError) as exc:
        raise Unavailable("InRelease has no readable text") from exc


def _binary(key: bytes | Path, place: Path) -> Path:
    """Return a keyring that gpgv can read; it reads no ASCII armor.

    https://www.rfc-editor.org/rfc/rfc9580#name-forming-ascii-armor
    """
    try:
        data = key if isinstance(key, bytes) else key.read_bytes()
        armor = re.findall(rb"-----BEGIN PGP PUBLIC KEY BLOCK-----\s*?\n"
                           rb"(?:\S+: .*\n)*\s*\n([A-Za-z0-9+/=\s]+?)"
                           rb"(?:\n=\S{4}\s*)?-----END", data)
        if isinstance(key, Path) and not armor:
            return key
        place.write_bytes(b"".join(map(base64.b64decode, armor)))
    except binascii.Error as exc:
        raise Unavailable("apt's configuration has an invalid key") from exc
    except OSError as exc:
        raise Unavailable(f"cannot read {exc.filename}: "
                          f"{exc.strerror}") from exc
    return place
