"""pathspec: for the text of certifi's licence, which it has whole.

certifi refers to the Mozilla Public License by an address.  Nothing of
pathspec itself is built or shipped.
"""

from standalone.core.model import Build, Commands, Recipe


def commands(build: Build) -> Commands:
    """Nothing: the text stands among the pin's licence files."""
    yield from ()


RECIPE = Recipe(commands, archives=())
