"""sysconfig's variables, made true for where this Python lies now.

_sysconfigdata is a plain literal that names /install, since programs
read it as text and know to replace that.  In a process, sysconfig and
that module's dict both name real paths and real compilers.

uv writes its own prefix into the file when it installs a Python.  That
stays; what it leaves as it was, CONFIG_ARGS, is still made true.
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

    Nothing happens when they were corrected before, or are those of
    another Python: of one that this one compiles for, or of one that
    was not made by `make standalone`.  What sysconfig itself has made of a
    variable stays.
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
    """The dict of _sysconfigdata, if it is this Python's and as it was
    shipped.  The variables are those of CPython's cross builds."""
    name = _data_name()
    if (os.environ.get("_PYTHON_SYSCONFIGDATA_PATH")
            or os.environ.get("_PYTHON_PROJECT_BASE")
            or os.environ.get("_PYTHON_SYSCONFIGDATA_NAME", name) != name):
        return None
    data: dict[str, object] = sys.modules[name].build_time_vars
    ours = f"'--prefix={_PLACEHOLDER}'" in str(data.get("CONFIG_ARGS"))
    return data if ours else None


def _data_name() -> str:
    """Of the module with this Python's own data."""
    return (f"_sysconfigdata_{sys.abiflags}_{sys.platform}_"
            f"{getattr(sys.implementation, '_multiarch', '')}")


def _moved(data: dict[str, object], prefix: str) -> dict[str, object]:
    """Those of *data* that name the placeholder, with *prefix* for it."""
    names = data if data["prefix"] == _PLACEHOLDER else ["CONFIG_ARGS"]
    return {name: _substituted(value, prefix) for name in names
            if isinstance(value := data.get(name), str)
            and _PLACEHOLDER in value}


def _substituted(value: str, prefix: str) -> str:
    """A path, or words for a shell, where paths get quotes if they must."""
    is_path = value.startswith(_PLACEHOLDER) and " " not in value
    done, start = "", 0
    while (at := value.find(_PLACEHOLDER, start)) >= 0:
        before, after = value[:at], value[at + len(_PLACEHOLDER):]
        done += value[start:at]
        if not _is_component(before, after):
            done += _PLACEHOLDER
        elif is_path:
            done += prefix
        elif before.count("'") % 2:      # between quotes already
            done += prefix.replace("'", "'\"'\"'")
        else:
            done += compilers.quoted(prefix)
        start = len(value) - len(after)
    return done + value[start:]


def _is_component(before: str, after: str) -> bool:
    """Is it a path of its own between these, not /usr/bin/install?

    It may follow an option of one letter, such as -L.
    """
    option = before[-2:-1] == "-" and before[-3:-2] in " '\""
    return ((option or before[-1:] in " '\"=:,")
            and after[:1] in "/ '\":,")


def inspect() -> "Resource":
    """What sysconfig tells, for the doctor."""
    import sysconfig

    from _standalone_runtime.report import Place, Resource

    prefix = os.path.dirname(str(sysconfig.get_config_var("LIBDIR")))
    own = sys.modules.get(_data_name())
    places = [Place(str(own.__file__), "used")] if own else []
    problems = []
    for name in ("BINDIR", "LIBDIR", "INCLUDEPY", "LIBPL", "LIBPC"):
        path = str(sysconfig.get_config_var(name))
        places.append(Place(path, f"{name}: " + (
            "there" if os.path.isdir(path) else "not there")))
        if not os.path.isdir(path):
            problems.append(f"{name} is {path}, which is not there")
    return Resource(
        "sysconfig", "building: sysconfig, pip, CMake", tuple(places),
        prefix, "this Python lies there, whatever the file says"
        if prefix == sys.base_prefix else "the file says so",
        "_PYTHON_SYSCONFIGDATA_PATH and _PYTHON_SYSCONFIGDATA_NAME: the "
        "data of another Python, for cross builds",
        problems=tuple(problems))
