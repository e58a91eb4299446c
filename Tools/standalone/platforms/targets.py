"""The platforms we build for.

Triples are rustup's, as uv, PyOxidizer and python-build-standalone use
them; glibc baselines are the oldest that zig ships stub libraries for
(https://ziglang.org/download/0.11.0/release-notes.html#glibc) and that a
supported distribution still runs (2.17: RHEL 7, manylinux2014).
"""

import platform
from dataclasses import dataclass

from standalone.core.errors import UsageError
from standalone.core.model import Target


def _x86_64(level: int) -> Target:
    """x86-64 at one of the psABI's levels.

    https://gitlab.com/x86-psABIs/x86-64-ABI, "micro-architecture levels".
    """
    suffix = f"_v{level}" if level > 1 else ""
    return Target(
        triple=f"x86_64{suffix}-unknown-linux-gnu",
        gnu="x86_64-linux-gnu",
        zig="x86_64-linux-gnu.2.17",
        openssl="linux-x86_64",
        machine="x86_64",
        elf_machine="EM_X86_64",
        glibc=(2, 17),
        march=f"x86-64{suffix.replace('_', '-')}",
        branches="-fcf-protection",
        cpu_level=level)


_AARCH64 = Target(
    triple="aarch64-unknown-linux-gnu",
    gnu="aarch64-linux-gnu",
    zig="aarch64-linux-gnu.2.17",
    openssl="linux-aarch64",
    machine="aarch64",
    elf_machine="EM_AARCH64",
    glibc=(2, 17),
    branches="-mbranch-protection=standard")

TARGETS = {target.triple: target
           for target in (*map(_x86_64, (1, 2, 3, 4)), _AARCH64)}


@dataclass(frozen=True)
class UvPlatform:
    """A target in uv's words.

    https://github.com/astral-sh/uv, crates/uv-python/src/platform.rs
    """

    family: str                  # x86_64
    variant: str | None          # v3
    os: str
    libc: str


def uv_platform(triple: str) -> UvPlatform | None:
    """Return the target in uv's words; None for one that is not ours."""
    found = TARGETS.get(triple)
    if found is None:
        return None
    level = f"v{found.cpu_level}" if found.cpu_level > 1 else None
    return UvPlatform(found.machine, level, "linux", "gnu")


def host_triple() -> str:
    """The target that runs on this machine everywhere else as well."""
    return f"{platform.machine()}-unknown-linux-gnu"


def target(triple: str) -> Target:
    """The target of that name.  Raises UsageError for an unknown one."""
    if triple not in TARGETS:
        raise UsageError(f"unknown TARGET {triple!r}",
                         hint=f"known: {', '.join(TARGETS)}")
    return TARGETS[triple]


def check_runs_here(target: Target) -> None:
    """Raise UsageError if this machine could not run the interpreter:
    the build asks it about itself."""
    if target.machine != platform.machine():
        raise UsageError(
            f"TARGET {target.triple} cannot be built on "
            f"{platform.machine()}",
            hint=f"build it on a {target.machine} machine; "
                 "cross builds are not supported yet")
