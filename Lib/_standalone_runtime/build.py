"""Make sysconfig's variables correct for the present location.

_sysconfigdata is a plain literal with the prefix /install, because programs
read it as text and know that they have to replace this prefix.  In a
process, sysconfig and the dict of that module have the real paths and an
existing compiler.

uv writes its own prefix into the file when it installs a Python.  This
module keeps that, and corrects CONFIG_ARGS, which uv does not change.
https://github.com/astral-sh/uv (crates/uv-python/src/sysconfig)
"""

import os
import sys

from _standalone_runtime import compilers, failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _standalone_runtime.report import Resource

_PLACEHOLDER = "/install"


def relocate(config_vars: dict[str, object]) -> None:
    """Correct *config_vars*, sysconfig's copy of our data, and the data.

    Do nothing if they were corrected before, or belong to another Python:
    the target of a cross build, or one not built by `make standalone`.
    Keep variables that sysconfig itself has changed.
    """
    try:
        data = _own_data()
        if data is not None:
            changed = _moved(data, sys.base_prefix) | compilers.commands(data)
            config_vars.update({
                name: value for name, value in changed.items()
                if config_vars.get(name) == data[name]})
            data.update(changed)
    except Exception as exc:
        failed("sysconfig", exc)


def _own_data() -> dict[str, object] | None:
    """Return the dict of _sysconfigdata, or None if it is not this Python's
    or no longer as shipped.  CPython's cross builds set the variables."""
    name = _data_name()
    if (os.environ.get("_PYTHON_SYSCONFIGDATA_PATH")
            or os.environ.get("_PYTHON_PROJECT_BASE")
            or os.environ.get("_PYTHON_SYSCONFIGDATA_NAME", name) != name):
        return None
    data: dict[str, object] = sys.modules[name].build_time_vars
    ours = f"'--prefix={_PLACEHOLDER}'" in str(data.get("CONFIG_ARGS"))
    return data if ours else None


def _data_name() -> str:
    """Return the name of the module with this Python's data."""
    return (f"_sysconfigdata_{sys.abiflags}_{sys.platform}_"
            f"{getattr(sys.implementation, '_multiarch', '')}")


def _moved(data: dict[str, object], prefix: str) -> dict[str, object]:
    """Return the variables that contain the placeholder, with *prefix*
    in its place."""
    names = data if data["prefix"] == _PLACEHOLDER else ["CONFIG_ARGS"]
    return {name: _substituted(value, prefix) for name in names
            if isinstance(value := data.get(name), str)
            and _PLACEHOLDER in value}


def _substituted(value: str, prefix: str) -> str:
    """Replace the placeholder in a path, or in words for a shell, where
    the prefix is quoted if necessary."""
    is_path = value.startswith(_PLACEHOLDER) and " " not in value
    done, start = "", 0
    while (at := value.find(_PLACEHOLDER, start)) >= 0:
        before, after = value[:at], value[at + len(_PLACEHOLDER):]
        done += value[start:at]
        if not _is_component(before, after):
            done += _PLACEHOLDER
        elif is_path:
            done += prefix
        elif before.count("'") % 2:      # already between quotes
            done += prefix.replace("'", "'\"'\"'")
        else:
            done += compilers.quoted(prefix)
        start = len(value) - len(after)
    return done + value[start:]


def _is_component(before: str, after: str) -> bool:
    """Is the text between these two a whole path, unlike the end of
    /usr/bin/install?  It may follow an option of one letter, such as -L."""
    option = before[-2:-1] == "-" and before[-3:-2] in " '\""
    return ((option or before[-1:] in " '\"=:,")
            and after[:1] in "/ '\":,")


def inspect() -> "Resource":
    """Report the paths in sysconfig's variables."""
    import sysconfig

    from _standalone_runtime.report import Place, Resource

    prefix = os.path.dirname(str(sysconfig.get_config_var("LIBDIR")))
    own = sys.modules.get(_data_name())
    places = [Place(str(own.__file__), "used")] if own else []
    problems = []
    for name in ("BINDIR", "LIBDIR", "INCLUDEPY", "LIBPL", "LIBPC"):
        path = str(sysconfig.get_config_var(name))
        places.append(Place(path, f"{name}: " + (
            "found" if os.path.isdir(path) else "not found")))
        if not os.path.isdir(path):
            problems.append(f"{name} is {path}, which does not exist")
    return Resource(
        "sysconfig", "building: sysconfig, pip, CMake", tuple(places),
        prefix, "the present location, in place of the prefix in the file"
        if prefix == sys.base_prefix else "the prefix in the file",
        "_PYTHON_SYSCONFIGDATA_PATH and _PYTHON_SYSCONFIGDATA_NAME: the "
        "data of another Python, for cross builds",
        problems=tuple(problems))
