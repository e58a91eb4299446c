"""Let py-up and gdb's other commands find frames in optimised code.

The relocate stage appends this file to CPython's Tools/gdb/libpython.py,
which reads the Python frame of ``_PyEval_EvalFrameDefault()`` from a local
variable.  The compiler may have optimised it away.  In a tail-calling
interpreter, its value is out of date as soon as the first opcode has been
called: https://github.com/python/cpython/issues/150206.

The frames are linked, too, from the thread's state.  One that belongs to
the interpreter separates those of two calls of that function.
"""

from typing import Any

_OPCODE = "_TAIL_CALL_"


def follow(commands: dict[str, Any]) -> None:
    """Change the class Frame among *commands*, the names of libpython.py."""
    frame_class, pointer = commands["Frame"], commands["PyFramePtr"]
    get_pyop = frame_class.get_pyop

    def get_linked_pyop(frame: Any) -> Any:
        calls, newer = 0, frame.newer()
        name = newer._gdbframe.name() if newer else None
        if not (name and name.startswith(_OPCODE)):
            found = get_pyop(frame)
            if found:
                return found
        while newer:
            calls += newer.is_evalframe()
            newer = newer.newer()
        found = pointer.get_thread_local_frame()
        while found and calls:
            calls -= found.is_shim()
            found = found.previous()
        return found

    frame_class.get_pyop = get_linked_pyop


if __name__ == "__main__":       # gdb runs its scripts there
    follow(globals())
