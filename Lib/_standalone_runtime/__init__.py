"""What a moved interpreter cannot know at build time, found at run time.

CPython's own files import the module that they need together with
everything else and call one function of it where the feature is used.
Nothing here is imported at start-up.  In everything the user's environment
wins, then comes the system, then what this distribution brings along,
below sys.base_prefix.  Nothing is written, no process started, and
os.environ is left as it was.

What those functions need is imported at the top of their module.  When
they run, the library may be out of reach: after chroot() or setuid(),
without a free file descriptor, or while the interpreter shuts down.

``python -m _standalone_runtime`` tells what was looked for and found.
See Tools/standalone/README.md in the source tree.
"""

import os
import sys


def bundled(*parts: str) -> str:
    """A path in this distribution, which a venv shares."""
    return os.path.join(sys.base_prefix, *parts)


def failed(feature: str, exc: Exception) -> None:
    """Say in a line that *feature* is left as CPython has it.

    With -v the traceback as well.  For what should not happen: it must
    not end a program that would run without the feature.
    """
    if sys.flags.verbose:
        sys.__excepthook__(type(exc), exc, exc.__traceback__)
    if sys.stderr is not None:
        print(f"standalone: {feature}: {type(exc).__name__}: {exc}",
              file=sys.stderr)
