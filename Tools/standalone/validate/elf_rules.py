"""Rules for each ELF file of a finished tree.

They also apply to the members of static libraries, except those that only
the linker's output can satisfy.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from posixpath import dirname

from standalone.formats.elf import Facts
from standalone.validate.limits import Limits, leaves
from standalone.validate.policy import matches

ElfRule = Callable[[str, Facts, Limits], Iterator[str]]


def _machine(path: str, facts: Facts, limits: Limits) -> Iterator[str]:
    arch = limits.expected.platform.arch
    if facts.machine != arch.elf_machine:
        yield f"is for {facts.machine}, not {arch.elf_machine}"


def _cpu_level(path: str, facts: Facts, limits: Limits) -> Iterator[str]:
    arch = limits.expected.platform.arch
    if facts.cpu_level and facts.cpu_level > arch.level:
        yield (f"needs {arch.levels}{facts.cpu_level}, "
               f"but the target is {arch.levels}{arch.level}")


def _needed(path: str, facts: Facts, limits: Limits) -> Iterator[str]:
    allowed = (*limits.expected.platform.libc.sonames,
               *limits.policy.needed)
    for library in facts.needed:
        if not matches(library, allowed):
            yield library


def _versions(path: str, facts: Facts, limits: Limits) -> Iterator[str]:
    libc = limits.expected.platform.libc
    for version in facts.versions:
        if version.family not in libc.versions:
            yield f"{version.name} of {version.library}"
        elif not version.number:
            yield f"{version.name} of {version.library} is private"
        elif version.number > libc.baseline:
            yield (f"{version.name} of {version.library} is newer than "
                   f"{'.'.join(map(str, libc.baseline))}")


def _rpath(path: str, facts: Facts, limits: Limits) -> Iterator[str]:
    for entry in facts.rpath:
        yield f"RPATH {entry}"
    for entry in facts.runpath:
        origin, _, rest = entry.partition("/")
        if origin != "$ORIGIN" or leaves(dirname(path), rest):
            yield f"RUNPATH {entry}"


def _exports(path: str, facts: Facts, limits: Limits) -> Iterator[str]:
    allowed = [*limits.policy.exported, *(
        name for pattern, names in limits.policy.exports.items()
        if matches(path, [pattern]) for name in names)]
    names = [name for name in facts.exported - limits.expected.declared
             if not matches(name, allowed)]
    if names:
        yield _some(names)


def _api(path: str, facts: Facts, limits: Limits) -> Iterator[str]:
    if matches(path, limits.policy.api):
        # Headers also declare functions of other platforms.
        wanted = (limits.expected.stable_abi
                  | limits.expected.declared & facts.defined)
        if missing := wanted - facts.exported - {*limits.policy.hidden}:
            yield f"does not export {_some(missing)}"


def _some(names: Iterable[str]) -> str:
    first = sorted(names)
    more = f" and {len(first) - 10} more" if len(first) > 10 else ""
    return " ".join(first[:10]) + more


def _flag(is_wrong: Callable[[Facts], bool], detail: str) -> ElfRule:
    def rule(path: str, facts: Facts, limits: Limits) -> Iterator[str]:
        if is_wrong(facts) and facts.type != "ET_REL":
            yield detail         # object files: the linker decides

    return rule


def _exec_stack(path: str, facts: Facts, limits: Limits) -> Iterator[str]:
    if facts.exec_stack:
        yield "asks for an executable stack"


def _shadow_stack(path: str, facts: Facts, limits: Limits) -> Iterator[str]:
    # The linker marks its output only if every object is marked.
    arch = limits.expected.platform.arch
    if (arch.shadow_stack and facts.machine == arch.elf_machine
            and not facts.shstk
            and (facts.type == "ET_REL"
                 or matches(path, limits.policy.hardened))):
        yield "not marked as supporting shadow stacks"


def _hardened(is_wrong: Callable[[Facts], bool], detail: str) -> ElfRule:
    """Return a rule for the files that the policy lists as hardened.

    Smaller files may have no code that shows the property.
    """
    def rule(path: str, facts: Facts, limits: Limits) -> Iterator[str]:
        if is_wrong(facts) and matches(path, limits.policy.hardened):
            yield detail

    return rule


ELF_RULES: Mapping[str, ElfRule] = {
    "machine": _machine,
    "cpu-level": _cpu_level,
    "needed": _needed,
    "versions": _versions,
    "rpath": _rpath,
    "exports": _exports,
    "api": _api,
    "pie": _flag(lambda facts: facts.type == "ET_EXEC",
                 "not a position-independent executable"),
    "relro": _flag(lambda facts: not facts.relro,
                   "not linked with -z relro"),
    "bind-now": _flag(lambda facts: not facts.bind_now,
                      "not linked with -z now"),
    "exec-stack": _exec_stack,
    "write-execute": _flag(lambda facts: facts.wx,
                           "has a segment both writable and executable"),
    "textrel": _flag(lambda facts: facts.textrel, "has text relocations"),
    "stack-protector": _hardened(
        lambda facts: "__stack_chk_fail" not in facts.undefined,
        "not compiled with -fstack-protector-strong"),
    "fortify": _hardened(
        lambda facts: not any(matches(name, ["__*_chk"])
                              for name in facts.undefined),
        "not compiled with -D_FORTIFY_SOURCE"),
    "shadow-stack": _shadow_stack,
}
