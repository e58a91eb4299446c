"""The platforms we build for: architectures, systems, C libraries.

Triples are those of rustup; uv, PyOxidizer and python-build-standalone
use the same ones.
"""

import platform as machine

from standalone.core.errors import UsageError
from standalone.core.platform import Architecture, Libc, Platform, System


def _x86_64(level: int) -> Architecture:
    """Return x86-64 at one of the psABI's levels, 1 to 4.

    https://gitlab.com/x86-psABIs/x86-64-ABI, "micro-architecture levels".
    """
    variant = f"v{level}" if level > 1 else ""
    return Architecture(
        name="x86_64",
        variant=variant,
        elf_machine="EM_X86_64",
        march="-".join(filter(None, ("x86-64", variant))),
        branches="-fcf-protection",
        level=level,
        levels="x86-64-v",
        shadow_stack=True,
        tail_calls=True)


_AARCH64 = Architecture(
    name="aarch64",
    elf_machine="EM_AARCH64",
    branches="-mbranch-protection=standard",
    tail_calls=True)

# CPython's configure tests these on the build machine.  In a container
# without /dev/shm, for example, it would disable semaphores for all users.
_LINUX = System("linux", configured={
    "ac_cv_broken_mbstowcs": "no",
    "ac_cv_broken_nice": "no",
    "ac_cv_broken_poll": "no",
    "ac_cv_broken_sem_getvalue": "no",
    "ac_cv_buggy_getaddrinfo": "no",
    "ac_cv_file__dev_ptc": "no",
    "ac_cv_file__dev_ptmx": "yes",
    "ac_cv_posix_semaphores_enabled": "yes",
    "ac_cv_pthread_system_supported": "yes",
    "ac_cv_working_tzset": "yes",
})

# The baseline is the oldest version for which zig has stub libraries
# (https://ziglang.org/download/0.11.0/release-notes.html#glibc) and that a
# supported distribution still uses: RHEL 7, manylinux2014.
_GLIBC = Libc(
    name="gnu",
    title="glibc",
    baseline=(2, 17),
    wheels="manylinux",
    family="GLIBC",
    sonames=("libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0",
             "librt.so.1", "libutil.so.1", "ld-linux-*.so.*"),
    # https://sourceware.org/glibc/wiki/ABIList
    loaders={"x86_64": "/lib64/ld-linux-x86-64.so.2",
             "aarch64": "/lib/ld-linux-aarch64.so.1"})

#: Triple → platform.
PLATFORMS = {
    found.triple: found for found in (
        *(Platform(_x86_64(level), _LINUX, _GLIBC) for level in (1, 2, 3, 4)),
        Platform(_AARCH64, _LINUX, _GLIBC))}


def host() -> Platform:
    """Return this machine's platform, at the lowest psABI level.

    It need not be one of PLATFORMS.
    """
    plain = Platform(Architecture(machine.machine()), _LINUX, _GLIBC)
    return PLATFORMS.get(plain.triple, plain)


def find(triple: str) -> Platform:
    """Return the platform with this *triple*.

    Raises UsageError if there is none.
    """
    if triple not in PLATFORMS:
        raise UsageError(f"unknown TARGET {triple!r}",
                         hint=f"known: {', '.join(PLATFORMS)}")
    return PLATFORMS[triple]


def runs_here(platform: Platform) -> bool:
    """Return whether this machine can run programs for *platform*."""
    return platform.arch.name == machine.machine()


def check_runs_here(platform: Platform) -> None:
    """Raise UsageError if this machine cannot run the built interpreter.

    The build runs the interpreter, for example to compile bytecode.
    """
    if not runs_here(platform):
        raise UsageError(
            f"TARGET {platform.triple} cannot be built on "
            f"{machine.machine()}",
            hint=f"build it on a {platform.arch.name} machine; "
                 "cross builds are not supported yet")
