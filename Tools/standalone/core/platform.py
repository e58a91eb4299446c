"""A platform to build for: an architecture, a system and a C library.

Each of the three answers what depends on it, so that no other module has
to ask which one it is.  The data are in the package platforms.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Architecture:
    """A processor, and what compilers and formats call it."""

    name: str                    # as `uname -m` prints it: x86_64
    variant: str = ""            # of a triple, v3 in x86_64_v3
    elf_machine: str = ""        # pyelftools' e_machine: EM_X86_64
    march: str = ""              # of -march; the compiler's default if ""
    branches: str = ""           # flag: mark where jumps and returns may lead
    level: int = 1               # of its psABI, where that has levels
    levels: str = ""             # what their names begin with: x86-64-v
    shadow_stack: bool = False   # can files be marked as fit for one?

    @property
    def triple(self) -> str:
        """The first word of a triple: x86_64_v3."""
        return "_".join(filter(None, (self.name, self.variant)))


@dataclass(frozen=True)
class System:
    """An operating system's kernel, as seen by programs."""

    name: str                    # linux
    vendor: str = "unknown"      # of a triple
    # What CPython's configure would find by running programs and looking
    # at files of the machine that happens to build.
    # https://www.gnu.org/software/autoconf/manual/autoconf.html#Cache-Variable-Names
    configured: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Libc:
    """A C library, and which version of it programs may need.

    *family* is what the names of its symbol versions begin with; it is
    empty for a library that has no versions.  *sonames* are patterns of
    what a file may need of it, the dynamic linker among them.
    """

    name: str                    # of a triple: gnu
    title: str                   # in texts for people: glibc
    baseline: tuple[int, int]    # the newest version that may be needed
    wheels: str                  # what wheels' platform tags begin with
    family: str = ""             # GLIBC
    sonames: tuple[str, ...] = ()

    @property
    def versions(self) -> tuple[str, ...]:
        """The families of symbol versions that a file may need."""
        return (self.family,) if self.family else ()

    def needed(self, versions: Iterable[tuple[str, tuple[int, ...]]]) -> str:
        """Return the oldest version of the library that has *versions*.

        Those are pairs of family and number, ("GLIBC", (2, 17)).  Without
        any of its own family it is the baseline.
        """
        found = [number for family, number in versions
                 if family == self.family]
        return ".".join(map(str, max(found, default=self.baseline)))

    def features(self, version: str) -> list[str]:
        """Return PYTHON.json's `crt_features` of files that need *version*.

        https://gregoryszorc.com/docs/python-build-standalone/main/distributions.html
        """
        symbols = ([f"{self.title}-max-symbol-version:{version}"]
                   if self.family else [])
        return [f"{self.title}-dynamic", *symbols]


@dataclass(frozen=True)
class Platform:
    """What CPython is built for, in the words of those who need to know."""

    arch: Architecture
    system: System
    libc: Libc

    @property
    def triple(self) -> str:
        """rustup's name: x86_64_v3-unknown-linux-gnu."""
        return "-".join((self.arch.triple, self.system.vendor,
                         self.system.name, self.libc.name))

    @property
    def autoconf(self) -> str:
        """What --host of configure scripts and clang's --target take,
        and Debian's multiarch directories are called: x86_64-linux-gnu."""
        return "-".join((self.arch.name, self.system.name, self.libc.name))

    @property
    def versioned(self) -> str:
        """The same with the C library's baseline, as zig's -target takes
        it: x86_64-linux-gnu.2.17."""
        return ".".join((self.autoconf, *map(str, self.libc.baseline)))

    @property
    def openssl(self) -> str:
        """OpenSSL's name of it: linux-x86_64.

        https://github.com/openssl/openssl/blob/master/Configurations/10-main.conf
        """
        return f"{self.system.name}-{self.arch.name}"

    @property
    def sysconfig(self) -> str:
        """What sysconfig.get_platform() returns there: linux-x86_64."""
        return f"{self.system.name}-{self.arch.name}"

    def wheel_tag(self, version: str) -> str:
        """Return the platform tag of files that need this *version* of
        the C library: manylinux_2_17_x86_64.

        https://peps.python.org/pep-0600/, https://peps.python.org/pep-0656/
        """
        return "_".join((self.libc.wheels, *version.split("."),
                         self.arch.name))
