"""Find at run time what a relocated interpreter cannot know at build time.

Modules of the standard library import the module that they need at the
top, and call one function of it to use the feature.  Nothing here is
imported at start-up.  For each resource, the user's environment comes
first, then the system, then the files of this distribution below
sys.base_prefix.  These modules write no files, start no processes and do
not change os.environ.

Each module imports what its functions need at the top.  When they are
called, the library may be inaccessible: after chroot() or setuid(),
without a free file descriptor, or while the interpreter shuts down.

``python -m _standalone_runtime`` reports what was looked for and found.
See Tools/standalone/docs/runtime.md in the source tree.
"""

import os
import sys


def bundled(*parts: str) -> str:
    """Return a path in this distribution, also in a venv."""
    return os.path.join(sys.base_prefix, *parts)


def failed(feature: str, exc: Exception) -> None:
    """Print a line on stderr saying that *feature* does not work.

    With -v, also print the traceback.  Callers use this for unexpected
    errors, which must not stop a program that can run without the feature.
    """
    if sys.flags.verbose:
        sys.__excepthook__(type(exc), exc, exc.__traceback__)
    if sys.stderr is not None:
        print(f"standalone: {feature}: {type(exc).__name__}: {exc}",
              file=sys.stderr)
