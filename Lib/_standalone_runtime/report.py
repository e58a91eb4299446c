"""The data of a report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """One place where a resource was looked for."""

    where: str                   # a path, or "NAME=value" of a variable
    state: str                   # "used", "not found", "unreadable", ...


@dataclass(frozen=True)
class Resource:
    """What was looked for, in which places, and what was chosen.

    *problems* are messages that the user should see even if something was
    found: about a variable with a wrong path, or a damaged file.
    """

    name: str                    # a word: "certificates"
    wanted: str                  # what it is for
    places: tuple[Place, ...]    # in the order of the search
    chosen: str | None           # None: nothing usable was found
    why: str                     # the reason for the choice
    override: str                # how the user can override the choice
    needed: bool = True          # is it an error if nothing was found?
    problems: tuple[str, ...] = ()

    @property
    def missing(self) -> bool:
        """Is something needed that was not found?"""
        return self.needed and self.chosen is None
