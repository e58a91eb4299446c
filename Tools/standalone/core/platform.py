"""A platform to build for: an architecture, a system and a C library.

These classes provide everything that differs between platforms, so that
no other module has to compare their names.  The instances are in the
package platforms.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Architecture:
    """A processor architecture and its names in compilers and formats."""

    name: str                    # as `uname -m` prints it: x86_64
    variant: str = ""            # suffix in a triple: v3 in x86_64_v3
    elf_machine: str = ""        # pyelftools' e_machine: EM_X86_64
    march: str = ""              # value of -march; "" for the default
    branches: str = ""           # compiler flag: control-flow protection
    level: int = 1               # psABI level, if the psABI defines levels
    levels: str = ""             # prefix of the levels' names: x86-64-v
    shadow_stack: bool = False   # can ELF files be marked compatible?
    tail_calls: bool = False     # does clang have preserve_none for it?

    @property
    def triple(self) -> str:
        """The first component of a triple: x86_64_v3."""
        return "_".join(filter(None, (self.name, self.variant)))


@dataclass(frozen=True)
class System:
    """An operating system's kernel."""

    name: str                    # linux
    vendor: str = "unknown"      # in a triple
    # Results that CPython's configure would otherwise get by running
    # programs and examining files on the build machine.
    # https://www.gnu.org/software/autoconf/manual/autoconf.html#Cache-Variable-Names
    configured: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Libc:
    """A C library and the newest version that our files may require.

    *family* is the prefix of its symbol versions, or empty for a library
    without symbol versions.  *sonames* are patterns of the libraries that
    a file may need, including the dynamic linker.  *loaders* maps names of
    architectures to the path of the dynamic linker.
    """

    name: str                    # in a triple: gnu
    title: str                   # for display: glibc
    baseline: tuple[int, int]    # the newest version that may be required
    wheels: str                  # prefix of wheels' platform tags
    family: str = ""             # GLIBC
    sonames: tuple[str, ...] = ()
    loaders: Mapping[str, str] = field(default_factory=dict)

    @property
    def versions(self) -> tuple[str, ...]:
        """The families of symbol versions that a file may require."""
        return (self.family,) if self.family else ()

    def needed(self, versions: Iterable[tuple[str, tuple[int, ...]]]) -> str:
        """Return the oldest version of the library that has *versions*.

        *versions* are pairs of a family and a number, such as
        ("GLIBC", (2, 17)).  If none of them is in this library's family,
        the result is the baseline.
        """
        found = [number for family, number in versions
                 if family == self.family]
        return ".".join(map(str, max(found, default=self.baseline)))

    def features(self, version: str) -> list[str]:
        """Return PYTHON.json's crt_features for files that need *version*.

        https://gregoryszorc.com/docs/python-build-standalone/main/distributions.html
        """
        symbols = ([f"{self.title}-max-symbol-version:{version}"]
                   if self.family else [])
        return [f"{self.title}-dynamic", *symbols]


@dataclass(frozen=True)
class Platform:
    """A platform to build CPython for, and its names in other tools."""

    arch: Architecture
    system: System
    libc: Libc

    @property
    def triple(self) -> str:
        """The triple that rustup uses: x86_64_v3-unknown-linux-gnu."""
        return "-".join((self.arch.triple, self.system.vendor,
                         self.system.name, self.libc.name))

    @property
    def autoconf(self) -> str:
        """The name for configure scripts and clang: x86_64-linux-gnu.

        configure scripts accept it as --host and clang as --target.
        Debian's multiarch directories have the same name.
        """
        return "-".join((self.arch.name, self.system.name, self.libc.name))

    @property
    def versioned(self) -> str:
        """The name for zig's -target: x86_64-linux-gnu.2.17.

        It includes the C library's baseline.
        """
        return ".".join((self.autoconf, *map(str, self.libc.baseline)))

    @property
    def loader(self) -> str:
        """The path of the dynamic linker: /lib64/ld-linux-x86-64.so.2."""
        return self.libc.loaders[self.arch.name]

    @property
    def openssl(self) -> str:
        """OpenSSL's name of the platform: linux-x86_64.

        https://github.com/openssl/openssl/blob/master/Configurations/10-main.conf
        """
        return f"{self.system.name}-{self.arch.name}"

    @property
    def sysconfig(self) -> str:
        """The value of sysconfig.get_platform(): linux-x86_64."""
        return f"{self.system.name}-{self.arch.name}"

    def wheel_tag(self, version: str) -> str:
        """Return the wheel platform tag: manylinux_2_17_x86_64.

        *version* is the version of the C library that the files require.
        https://peps.python.org/pep-0600/, https://peps.python.org/pep-0656/
        """
        return "_".join((self.libc.wheels, *version.split("."),
                         self.arch.name))
