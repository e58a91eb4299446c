"""OpenSSL: libssl and libcrypto, for _ssl and _hashlib."""

import runpy

from standalone.core.layout import ROOT, TOOLS
from standalone.core.model import Build, Commands, Recipe
from standalone.recipes._steps import cflags

# The directories where systems keep OpenSSL's modules.  The list is in the
# runtime, which reports on them.
_KNOWN = runpy.run_path(
    str(ROOT / "Lib" / "_standalone_runtime" / "libraries.py"))


def commands(build: Build) -> Commands:
    """Build both libraries with all providers built in.

    https://github.com/openssl/openssl/blob/openssl-3.5/INSTALL.md
    """
    flags = cflags(build).split()
    yield from _tolerate_settings(build)
    yield from _search_systems(build)
    yield build.run(
        "perl", "./Configure", build.platform.openssl,
        # These paths are compiled in; nothing is installed there.  The
        # directory for modules is one of several, see _search_systems().
        "--prefix=/usr", "--libdir=lib", "--openssldir=/etc/ssl",
        "no-shared", "no-tests", "no-apps", "no-docs",
        # Protocols and formats that the modules ssl and hashlib do not use.
        "no-cmp", "no-cms", "no-ct", "no-quic", "no-srp", "no-ts",
        # Build the legacy provider (MD4, RC4, DES...) into libcrypto.  The
        # system's modules, such as FIPS, can still be loaded.
        "no-module", "enable-legacy",
        *flags, CC="cc", AR="ar", RANLIB="ranlib")
    yield build.make("build_libs")
    yield build.run("mkdir", "-p", f"{build.prefix}/lib",
                    f"{build.prefix}/include")
    yield build.run("cp", "libssl.a", "libcrypto.a", f"{build.prefix}/lib/")
    yield build.run("cp", "-R", "include/openssl",
                    f"{build.prefix}/include/")


def _tolerate_settings(build: Build) -> Commands:
    """Wrap the file that reads openssl.cnf, to ignore unknown settings.

    The system's openssl.cnf may have settings that only the system's
    OpenSSL supports.
    """
    text = (TOOLS / "compat" / "openssl_conf.c").read_text(encoding="utf-8")
    yield build.run("mv", "crypto/conf/conf_mod.c",
                    "crypto/conf/conf_mod_upstream.c")
    yield build.write("crypto/conf/conf_mod.c", text)


def _search_systems(build: Build) -> Commands:
    """Wrap the file that computes paths of modules, to search for them.

    Every system has a different directory for modules.
    """
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
