"""Sign finished archives with GPG and Sigstore.

Signs SHA256SUMS in OUT and the files that it lists: gpg makes FILE.asc, the
package sigstore makes FILE.sigstore.  A message says which of them was
skipped because its program or an identity is missing.  The names are those
of python.org: https://www.python.org/downloads/metadata/sigstore/
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from standalone.core import stamp
from standalone.core.errors import BuildError, UsageError, ValidationError
from standalone.core.process import environment, output
from standalone.formats import checksums

#: The key to sign with, as gpg names keys; gpg's default key if not set.
KEY = "SIGN_GPG_KEY"

# The variables of the user's environment that the programs need: gpg to
# find keys and ask for a passphrase, sigstore for an identity or a proxy.
_GPG = ("GNUPGHOME", "GPG_TTY", "DISPLAY", "WAYLAND_DISPLAY",
        "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")
_SIGSTORE = ("SIGSTORE_", "ACTIONS_ID_TOKEN_REQUEST_", "GITHUB_",
             "GITLAB_CI", "HTTPS_PROXY", "https_proxy", "NO_PROXY",
             "no_proxy")
_TOKENS = ("SIGSTORE_IDENTITY_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
           "SIGSTORE_ID_TOKEN")

#: Signs the first file into the second.
Signer = Callable[[Path, Path], None]


def sign(out: Path) -> int:
    """Sign all files in *out*; return the number of signatures.

    Raises UsageError if there is nothing to sign or gpg does not have the
    key SIGN_GPG_KEY, and ValidationError if a hash differs from SHA256SUMS.
    """
    files = list(_files(out))
    made = 0
    for suffix, find in ((".asc", _gpg), (".sigstore", _sigstore)):
        signer = find()
        if isinstance(signer, str):
            print(f"not signed: FILE{suffix}: {signer}", flush=True)
            continue
        for file in files:
            _sign(signer, file, suffix)
        print(f"signed: {len(files)} files: FILE{suffix}", flush=True)
        made += len(files)
    return made


def _files(out: Path) -> Iterator[Path]:
    sums = out / checksums.FILE
    try:
        listed = checksums.read(sums)
    except (OSError, ValueError) as exc:
        raise UsageError(f"nothing to sign in {out}: no SHA256SUMS there",
                         hint="make standalone") from exc
    for name, sha256 in listed.items():
        try:
            found = stamp.file_sha256(out / name)
        except OSError as exc:
            raise ValidationError(
                f"SHA256SUMS lists {name}: {exc.strerror}") from exc
        if found != sha256:
            raise ValidationError(f"{name} differs from SHA256SUMS",
                                  hint="make standalone makes it anew")
        yield out / name
    yield sums


def _sign(signer: Signer, file: Path, suffix: str) -> None:
    scratch = file.with_name(f".{file.name}{suffix}.partial")
    scratch.unlink(missing_ok=True)
    try:
        signer(file, scratch)
        scratch.replace(f"{file}{suffix}")
    finally:
        scratch.unlink(missing_ok=True)


def _gpg() -> Signer | str:
    """Return a function that signs with gpg, or why there is none."""
    key = os.environ.get(KEY, "")
    if not shutil.which("gpg"):
        if key:
            raise UsageError(f"{KEY} is set, and gpg is not installed")
        return "no gpg on this machine"
    env = environment(extra={name: os.environ[name] for name in _GPG
                             if name in os.environ})
    try:
        keys = output(["gpg", "--batch", "--with-colons",
                       "--list-secret-keys", *([key] if key else [])], env)
    except BuildError as exc:
        raise UsageError(f"gpg has no secret key {key!r}",
                         hint=exc.message) from exc
    if "sec:" not in keys:
        return f"gpg has no secret key; {KEY} names one"

    def signer(file: Path, signature: Path) -> None:
        output(["gpg", "--batch", "--yes", "--armor", "--detach-sign",
                *(["--local-user", key] if key else []),
                "--output", str(signature), str(file)], env)
    return signer


def _sigstore() -> Signer | str:
    """Return a function that signs with sigstore, or why there is none.

    The identity must come from a CI system or a token; logging in with a
    browser is not supported.
    """
    program = shutil.which("sigstore")
    if not program:
        return "no sigstore on this machine; pip install sigstore"
    if not any(name in os.environ for name in _TOKENS):
        return f"no identity; {_TOKENS[0]} is not set"
    env = environment(extra={name: value for name, value
                             in os.environ.items()
                             if name.startswith(_SIGSTORE)})

    def signer(file: Path, signature: Path) -> None:
        output([program, "sign", "--bundle", str(signature), str(file)], env)
    return signer
