"""Mozilla's CA certificates, for machines without a certificate store."""

from standalone.core.model import Build, Commands, Recipe


def commands(build: Build) -> Commands:
    """Install the bundle with a first line that names its version."""
    certs = f"{build.prefix}/share/certs"
    yield build.write("heading", (
        f"# certifi {build.version}: the certificate authorities that "
        "Mozilla trusts, under MPL-2.0 (https://mozilla.org/MPL/2.0/)\n"))
    yield build.run("mkdir", "-p", certs)
    yield build.run("sh", "-c", "cat heading certifi/cacert.pem "
                                f"> {certs}/cacert.pem")


RECIPE = Recipe(commands, archives=(), needs=("pathspec",),
                data={"share/certs": "share/certs"})
