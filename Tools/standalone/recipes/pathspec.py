"""pathspec: contains the full text of certifi's licence.

certifi only has the URL of the Mozilla Public License.  No code of
pathspec is built or shipped.
"""

from standalone.core.model import Build, Commands, Recipe


def commands(build: Build) -> Commands:
    """Yield nothing: the text is one of the pin's licence files."""
    yield from ()


RECIPE = Recipe(commands, archives=())
