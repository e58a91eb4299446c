"""What the doctor is told of each resource."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """One place where a resource was looked for."""

    where: str                   # a path, or "NAME=value" of a variable
    state: str                   # "used", "not there", "unreadable", ...


@dataclass(frozen=True)
class Resource:
    """What was looked for, where, in which order, and what came of it.

    *problems* are what the user should know of even where something was
    found: a variable that points nowhere, a file that is damaged.
    """

    name: str                    # a word: "certificates"
    wanted: str                  # what it is for
    places: tuple[Place, ...]    # in the order in which they are tried
    chosen: str | None           # None: nothing usable was found
    why: str                     # why that one
    override: str                # how the user decides otherwise
    needed: bool = True          # is it an error if nothing was found?
    problems: tuple[str, ...] = ()

    @property
    def missing(self) -> bool:
        """Is something wanted that is not there?"""
        return self.needed and self.chosen is None
