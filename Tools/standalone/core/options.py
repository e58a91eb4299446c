"""OPTIONS: the words that say how a CPython is built.

This table is the only list of them: the makefiles and CPython's configure
pass on what the user wrote.
"""

from dataclasses import dataclass
from typing import Self

from standalone.core.errors import UsageError


@dataclass(frozen=True)
class Option:
    """A word of OPTIONS.  A build has one *flavour*, and any others."""

    word: str
    flavour: bool = False
    in_names: bool = True        # of the archives


#: In the order in which they are written.  The flavours are words of
#: PYTHON.json's build_options, and the first one is the default.
TABLE = (
    Option("noopt", flavour=True, in_names=False),
    Option("lto", flavour=True),         # ThinLTO
    Option("debug", flavour=True),       # --with-pydebug
    Option("gpl"),                       # GNU readline and gdbm
)
WORDS = tuple(option.word for option in TABLE)
FLAVOURS = tuple(option.word for option in TABLE if option.flavour)
MARKS = tuple(option.word for option in TABLE if option.in_names)
DEFAULT = FLAVOURS[0]

_OTHERS = [word for word in WORDS if word not in FLAVOURS]
_HINT = (f"known: {', '.join(WORDS)}; {', '.join(_OTHERS)} can be combined "
         f"with one of the others: {FLAVOURS[1]}+{_OTHERS[0]}")


@dataclass(frozen=True)
class Options:
    """The words of one build, in the table's order."""

    words: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read words that are joined by "+", in any order.

        Without a flavour they have the default one: "gpl" is "noopt+gpl".
        Raises UsageError for an unknown word, and for two flavours.
        """
        given = set(text.split("+"))
        if unknown := sorted(given.difference(WORDS)):
            raise UsageError(f"unknown OPTIONS {unknown[0]!r}", hint=_HINT)
        flavours = [word for word in FLAVOURS if word in given]
        if len(flavours) > 1:
            raise UsageError(
                f"OPTIONS={text} has more than one flavour: "
                f"{' and '.join(flavours)}",
                hint=_HINT)
        given.update(flavours or [DEFAULT])
        return cls(tuple(word for word in WORDS if word in given))

    def __str__(self) -> str:
        return "+".join(self.words)

    def __contains__(self, word: str) -> bool:
        if word not in WORDS:
            raise ValueError(f"not a word of OPTIONS: {word!r}")
        return word in self.words

    @property
    def flavour(self) -> str:
        """How CPython is compiled: one of FLAVOURS."""
        [flavour] = (word for word in self.words if word in FLAVOURS)
        return flavour

    @property
    def marks(self) -> tuple[str, ...]:
        """The words that the names of archives show."""
        return tuple(word for word in self.words if word in MARKS)
