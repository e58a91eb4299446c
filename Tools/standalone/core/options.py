"""OPTIONS: the words that say how a CPython is built.

This table is the only list of them: the makefiles and CPython's configure
pass on what the user wrote.
"""

from dataclasses import dataclass
from typing import Self

from standalone.core.errors import UsageError


@dataclass(frozen=True)
class Option:
    """A word of OPTIONS.  A build has one *flavour*, and any others.

    Words that are a *part* of a flavour can be joined to one: pgo+lto.
    *since* is the first feature version of CPython that can have it.  A
    word that is *internal* is not for users, but for one of our commands.
    Words that a word *excludes* cannot be joined to it.
    """

    word: str
    flavour: bool = False
    part: bool = False
    internal: bool = False
    in_names: bool = True        # of the archives
    in_format: bool = True       # a word of PYTHON.json's build_options
    since: tuple[int, int] = (3, 0)
    excludes: tuple[str, ...] = ()
    why: str = ""                # not in versions before *since*


#: In the order in which they are written, which is the one of PYTHON.json's
#: build_options: "freethreaded+lto".
TABLE = (
    Option("freethreaded", since=(3, 14),        # --disable-gil
           why="it is an experiment in 3.13 (PEP 703), and supported from "
               "3.14 on (PEP 779)"),
    Option("noopt", flavour=True),       # as configure compiles by default
    Option("pgo", flavour=True, part=True),      # with a stored profile
    Option("lto", flavour=True, part=True),      # ThinLTO
    Option("debug", flavour=True),       # --with-pydebug
    Option("instrumented", flavour=True, internal=True,      # writes profiles
           in_names=False, in_format=False),
    # --enable-experimental-jit.  configure warns that it does not work
    # without the GIL.
    Option("jit", in_format=False, since=(3, 14), excludes=("freethreaded",),
           why="the JIT of 3.13 wants LLVM 18, of which no package is pinned"),
    Option("gpl", in_format=False),      # GNU readline and gdbm
)
WORDS = tuple(option.word for option in TABLE)
FLAVOURS = tuple(option.word for option in TABLE if option.flavour)
PUBLIC = tuple(option.word for option in TABLE if not option.internal)
MARKS = tuple(option.word for option in TABLE if option.in_names)
#: The flavour of a build whose OPTIONS name none.  Archive names omit it.
DEFAULT = "pgo+lto"
#: The flavour that any compiler can build.
PLAIN = "noopt"

OTHERS = tuple(word for word in WORDS if word not in FLAVOURS)
_PARTS = tuple(option.word for option in TABLE if option.part)
_HINT = (f"known: {', '.join(PUBLIC)}; {', '.join(OTHERS[:-1])} and "
         f"{OTHERS[-1]} can be combined with the others, which exclude each "
         f"other, except for {'+'.join(_PARTS)}")


@dataclass(frozen=True)
class Options:
    """The words of one build, in the table's order."""

    words: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, default: str = DEFAULT) -> Self:
        """Read words that are joined by "+", in any order.

        Without a flavour they have the *default* one: "gpl" is
        "pgo+lto+gpl", and "" is "pgo+lto".  Raises UsageError for an
        unknown word, and for flavours that exclude each other.
        """
        given = set(text.split("+")) if text else set()
        if unknown := sorted(given.difference(WORDS)):
            raise UsageError(f"unknown OPTIONS {unknown[0]!r}", hint=_HINT)
        flavours = [word for word in FLAVOURS if word in given]
        if len(flavours) > 1 and not {*flavours} <= {*_PARTS}:
            raise UsageError(
                f"OPTIONS={text} has more than one flavour: "
                f"{' and '.join(flavours)}",
                hint=_HINT)
        for option in TABLE:
            for other in given.intersection(option.excludes):
                if option.word in given:
                    raise UsageError(
                        f"OPTIONS={text} has both {option.word} and {other}, "
                        "which exclude each other", hint=_HINT)
        given.update(flavours or default.split("+"))
        return cls(tuple(word for word in WORDS if word in given))

    def __str__(self) -> str:
        return "+".join(self.words)

    def __contains__(self, word: str) -> bool:
        if word not in WORDS:
            raise ValueError(f"not a word of OPTIONS: {word!r}")
        return word in self.words

    @property
    def flavour(self) -> str:
        """How CPython is compiled: a word of FLAVOURS, or pgo+lto."""
        return "+".join(word for word in self.words if word in FLAVOURS)

    def with_flavour(self, flavour: str) -> Self:
        """Return the same words with another flavour."""
        return self.parse("+".join(
            [flavour, *(word for word in self.words if word in OTHERS)]))

    def unsupported(self, version: tuple[int, int]) -> Option | None:
        """Return a word's row that CPython *version* cannot have, or None."""
        return next((option for option in TABLE if option.word in self
                     and version < option.since), None)

    def check(self, version: tuple[int, int]) -> None:
        """Raise UsageError if a user cannot have a word.

        It is internal, or not for CPython *version*.
        """
        for word in self.words:
            if word not in PUBLIC:
                raise UsageError(f"OPTIONS={word} is only for "
                                 "make standalone-train", hint=_HINT)
        if option := self.unsupported(version):
            since = ".".join(map(str, option.since))
            raise UsageError(
                f"OPTIONS={option.word} needs CPython {since} or newer, "
                f"not {'.'.join(map(str, version))}", hint=option.why)

    @property
    def build_options(self) -> str:
        """The words that PYTHON.json has for such a build."""
        known = [option.word for option in TABLE if option.in_format]
        return "+".join(word for word in self.words if word in known)

    @property
    def marks(self) -> tuple[str, ...]:
        """The words that the names of archives show."""
        shown = MARKS if self.flavour != DEFAULT else OTHERS
        return tuple(word for word in self.words if word in shown)


@dataclass(frozen=True)
class Variant:
    """Which CPython is built: its feature version, (3, 14), and OPTIONS."""

    version: tuple[int, int]
    options: Options

    @property
    def ldversion(self) -> str:
        """The version in the name of libpython: 3.14t, 3.14td."""
        return "{}.{}{}{}".format(
            *self.version, "t" if "freethreaded" in self.options else "",
            "d" if "debug" in self.options else "")
