"""The certificate authorities that ssl trusts by default.

1. If SSL_CERT_FILE or SSL_CERT_DIR is set, OpenSSL uses it.
2. Otherwise use the system's store, wherever the distribution keeps it.
3. Otherwise use the bundle shipped with this Python, unless the
   environment variable PYTHON_NO_CA_BUNDLE is set and not empty.  That
   variable also works with -E and -I, because it can only remove trust.

The first store that exists is used, even if it is empty, damaged or
unreadable, so that verification fails: another store might trust an
authority that the administrator does not.
"""

import _ssl
import os
import sys

from _standalone_runtime import bundled

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator

    from _standalone_runtime.report import Place, Resource

_OPT_OUT = "PYTHON_NO_CA_BUNDLE"
_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_WANTED = "verifying TLS servers: ssl, urllib, pip"
_OVERRIDE = (f"{', '.join(_VARIABLES)}; {_OPT_OUT}=1 to ignore the shipped "
             "bundle")

# OpenSSL itself looks first in the file /etc/ssl/cert.pem (Alpine, Arch,
# RHEL 9 and 10, Fedora 34 to 42, FreeBSD, macOS) and for hashed names in
# /etc/ssl/certs (most systems).
#   https://github.com/golang/go/blob/master/src/crypto/x509/root_linux.go
#   https://github.com/golang/go/blob/master/src/crypto/x509/root_bsd.go
#   https://github.com/rustls/openssl-probe/blob/main/src/lib.rs
#   https://github.com/sethmlarson/truststore (_openssl.py)
_FILES = (
    # Debian, Ubuntu, Gentoo, Void: update-ca-certificates(8); NixOS:
    # https://github.com/NixOS/nixpkgs (nixos/modules/security/ca.nix)
    "/etc/ssl/certs/ca-certificates.crt",
    # SUSE: https://github.com/openSUSE/ca-certificates
    "/etc/ssl/ca-bundle.pem",
    # RHEL since 7, Fedora; Fedora 43 removed the two names below:
    # https://fedoraproject.org/wiki/Changes/dropingOfCertPemFile
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/tls/cert.pem",
    # FreeBSD with the port ca_root_nss.  For the other places, see
    # https://man.freebsd.org/certctl
    "/usr/local/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
)
# Android, from version 14 on and before:
# https://httptoolkit.com/blog/android-14-install-system-ca-certificate/
# Files there have names made by `openssl x509 -subject_hash_old`, which
# OpenSSL does not look up.
_OLD_HASHES = (
    "/apex/com.android.conscrypt/cacerts",
    "/system/etc/security/cacerts",
)


def verify_paths() -> tuple[str, str, str, str]:
    """Return _ssl.get_default_verify_paths() with the paths that we use."""
    parts = _ssl.get_default_verify_paths()
    file, directory = choose()
    return parts[0], file, parts[2], directory


def set_default_verify_paths(context: "ssl.SSLContext") -> None:
    """Load the default certificates into *context*, which is _ssl's.

    Like OpenSSL, ignore files that cannot be loaded: verification fails
    later with CERTIFICATE_VERIFY_FAILED, and inspect() reports why.
    """
    context.set_default_verify_paths()
    (file, directory), own = choose(), _own()
    files = [file] if file != own[0] else []
    if directory != own[1]:
        files += [os.path.join(directory, name)
                  for name in _hashed(directory)]
    for path in files:
        try:
            context.load_verify_locations(path)
        except OSError:                  # includes ssl.SSLError
            continue


def choose() -> tuple[str, str]:
    """Return the file and the directory with the trusted certificates.

    OpenSSL reads the directory when it needs a certificate.  Either may be
    OpenSSL's default path, which need not exist.
    """
    file, directory = _own()
    # On Windows, ssl uses the system's store.
    if _told() or sys.platform == "win32" or os.path.isfile(file):
        return file, directory
    for path in _FILES:
        if os.path.isfile(path):
            return path, directory
    for path in (directory, *_OLD_HASHES):
        if _is_store(path):
            return file, path
    if not os.environ.get(_OPT_OUT) and os.path.isfile(_bundle()):
        return _bundle(), directory
    return file, directory


def _told() -> bool:
    return any(name in os.environ for name in _VARIABLES)


def _own() -> tuple[str, str]:
    """Return OpenSSL's own default file and directory."""
    _, file, _, directory = _ssl.get_default_verify_paths()
    return file, directory


def _bundle() -> str:
    return bundled("share", "certs", "cacert.pem")


def _is_store(directory: str) -> bool:
    """Does *directory* contain, or may it contain, a name that OpenSSL
    looks up?

    Debian's openssl creates an empty directory, which is not a store.  A
    directory that cannot be listed, because of permissions or for lack of
    a file descriptor, may be one.
    """
    try:
        return any(map(_is_hash, os.listdir(directory)))
    except PermissionError:
        return True
    except OSError:
        return os.path.isdir(directory)


def _hashed(directory: str) -> list[str]:
    try:
        return sorted(filter(_is_hash, os.listdir(directory)))
    except OSError:
        return []


def _is_hash(name: str) -> bool:
    """Is this a file name that `openssl rehash` makes for a certificate?
    https://docs.openssl.org/3.5/man1/openssl-rehash/"""
    digits, _, number = name.partition(".")
    return (len(digits) == 8 and set(digits) <= set("0123456789abcdef")
            and number.isdecimal())


def inspect() -> "Resource":
    """Report which certificates are trusted."""
    import ssl

    from _standalone_runtime.report import Resource

    file, directory = choose()
    if _told():
        file = os.environ.get("SSL_CERT_FILE", file)
        directory = os.environ.get("SSL_CERT_DIR", directory)
        why = " and ".join(filter(os.environ.__contains__, _VARIABLES))
        why += " in the environment"
    elif file == _bundle() or not (os.path.isfile(file)
                                   or _is_store(directory)):
        why = "the system has no certificate store"
    else:
        why = "the first certificate store of the system that exists"
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    except ssl.SSLError:             # openssl.py reports why
        return Resource(
            "certificates", _WANTED, tuple(_places([file, directory])),
            file if os.path.isfile(file) else directory,
            f"{why}; not loaded, because OpenSSL does not start", _OVERRIDE)
    context.set_default_verify_paths()
    loaded = context.cert_store_stats()["x509"]
    # OpenSSL accepts several directories, separated as in PATH.
    looked_up = {path: len(_hashed(path))
                 for path in directory.split(os.pathsep)
                 if path not in _OLD_HASHES}
    chosen = [path for path, count in looked_up.items() if count]
    if loaded:
        chosen.insert(0, file if looked_up else directory)
    return Resource(
        "certificates", _WANTED,
        tuple(_places(chosen)), " and ".join(chosen) or None,
        f"{why}; {loaded} certificates loaded, {sum(looked_up.values())} "
        "to look up by hash", _OVERRIDE,
        problems=tuple(_problems(file, looked_up)))


def _places(chosen: "list[str]") -> "Iterator[Place]":
    """Yield all places, in the order of the search."""
    from _standalone_runtime.report import Place

    def variable(name: str) -> Place:
        if name in os.environ:
            return Place(f"{name}={os.environ[name]}", "set")
        return Place(name, "not set")

    def state(path: str) -> str:
        if path in chosen:
            return "used"
        return "not used" if os.path.exists(path) else "not found"

    file, directory = _own()
    yield from map(variable, _VARIABLES)
    for path in (file, *_FILES, directory, *_OLD_HASHES):
        yield Place(path, state(path))
    yield variable(_OPT_OUT)
    yield Place(_bundle(), state(_bundle()) + _age(_bundle()))


def _age(bundle: str) -> str:
    """Return the version of certifi, a date, from the bundle's first line."""
    try:
        with open(bundle, encoding="utf-8", errors="replace") as lines:
            words = lines.readline().partition(":")[0].split()
    except OSError:
        return ""
    return f": {' '.join(words[1:])}" if words[:2] == ["#", "certifi"] else ""


def _problems(file: str, directories: "Iterable[str]") -> "Iterator[str]":
    """Yield the problems that OpenSSL does not report."""
    import ssl

    if os.path.isfile(file):
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(
                file)
        except OSError as exc:
            yield (f"{file}: {exc.strerror or exc}: nothing in it is "
                   "trusted")
    elif os.environ.get("SSL_CERT_FILE"):
        yield f"SSL_CERT_FILE={file}: no such file"
    told = os.environ.get("SSL_CERT_DIR")
    for path in directories:
        if not os.path.isdir(path):
            if told:
                yield f"SSL_CERT_DIR={path}: no such directory"
        elif not os.access(path, os.R_OK | os.X_OK):
            yield f"{path}: permission denied"
        elif told and not _is_store(path):
            yield (f"SSL_CERT_DIR={path}: no names made by `openssl "
                   "rehash`")
