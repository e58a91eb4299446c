"""OpenSSL: libssl and libcrypto, for _ssl and _hashlib."""

import runpy

from standalone.core.layout import ROOT, TOOLS
from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import cflags

# Where systems keep their modules.  The runtime reports on it, so it has the
# list.
_KNOWN = runpy.run_path(
    str(ROOT / "Lib" / "_standalone_runtime" / "libraries.py"))


def commands(build: Build) -> Commands:
    """Build both libraries with every provider inside.

    https://github.com/openssl/openssl/blob/openssl-3.5/INSTALL.md
    """
    flags = cflags(build).split()
    yield from _forgiving(build)
    yield from _searching(build)
    yield build.run(
        "perl", "./Configure", build.platform.openssl,
        # What these name is compiled in; nothing is installed there.  For
        # modules it is one of several directories, see _searching().
        "--prefix=/usr", "--libdir=lib", "--openssldir=/etc/ssl",
        "no-shared", "no-tests", "no-apps", "no-docs",
        # Protocols and formats that no function of ssl or hashlib reaches.
        "no-cmp", "no-cms", "no-ct", "no-quic", "no-srp", "no-ts",
        # The legacy provider (MD4, RC4, DES...) inside libcrypto; modules
        # of the system's, such as FIPS, can still be loaded.
        "no-module", "enable-legacy",
        *flags, CC="cc", AR="ar", RANLIB="ranlib")
    yield build.make("build_libs")
    yield build.run("mkdir", "-p", f"{build.prefix}/lib",
                    f"{build.prefix}/include")
    yield build.run("cp", "libssl.a", "libcrypto.a", f"{build.prefix}/lib/")
    yield build.run("cp", "-R", "include/openssl",
                    f"{build.prefix}/include/")


def _forgiving(build: Build) -> Commands:
    """Put a file of ours around the one that reads openssl.cnf: the
    system's may have settings that only the system's OpenSSL knows."""
    text = (TOOLS / "compat" / "openssl_conf.c").read_text(encoding="utf-8")
    yield build.run("mv", "crypto/conf/conf_mod.c",
                    "crypto/conf/conf_mod_upstream.c")
    yield build.write("crypto/conf/conf_mod.c", text)


def _searching(build: Build) -> Commands:
    """Put a file of ours around the one that makes the paths of modules,
    since each system has its own directory for them."""
    text = (TOOLS / "compat" / "openssl_dso.c").read_text(encoding="utf-8")
    directories = ", ".join(
        f'"{directory.format(multiarch=build.platform.autoconf)}"'
        for directory in _KNOWN["LIBRARIES"])
    yield build.run("mv", "crypto/dso/dso_lib.c",
                    "crypto/dso/dso_lib_upstream.c")
    yield build.write("crypto/dso/dso_lib.c",
                      f"#define SYSTEM_LIBRARIES {directories}\n{text}")


RECIPE = Recipe(
    commands, archives=("libssl.a", "libcrypto.a"),
    arguments=("--with-openssl={prefix}",))
