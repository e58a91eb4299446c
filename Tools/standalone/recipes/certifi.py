"""Mozilla's certificates, for machines that have no store of their own."""

from standalone.core.model import Build, Commands, Recipe


def commands(build: Build) -> Commands:
    """The bundle, with a line above it that tells how old it is."""
    certs = f"{build.prefix}/share/certs"
    yield build.write("heading", (
        f"# certifi {build.version}: the certificate authorities that "
        "Mozilla trusts, under MPL-2.0 (https://mozilla.org/MPL/2.0/)\n"))
    yield build.run("mkdir", "-p", certs)
    yield build.run("sh", "-c", "cat heading certifi/cacert.pem "
                                f"> {certs}/cacert.pem")


RECIPE = Recipe(commands, archives=(), needs=("pathspec",),
                data={"share/certs": "share/certs"})
