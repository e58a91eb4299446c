"""Every feature of the runtime package used once, in one process.

`use()` is run by tests in threads, forks and interpreters of their own.
"""

import os
import subprocess
import sys

from test.test_standalone_runtime import children


def use(*, terminal=True):
    """Use them all.  Modules of readline and curses are one for the whole
    process: leave them out with *terminal* where that is not the main
    interpreter."""
    import ssl
    import sysconfig
    import zoneinfo
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED
    assert ssl.get_default_verify_paths()
    assert sysconfig.get_config_var("LIBDIR").startswith(sys.base_prefix)
    assert sysconfig.get_config_var("CC")
    assert zoneinfo.ZoneInfo("Europe/Berlin").key
    if terminal:
        import curses
        import readline
        curses.setupterm("hp2648", 1)    # not one that is compiled in
        assert curses.tigetnum("cols") > 0
        readline.parse_and_bind("tab: complete")
        try:
            import tkinter
        except ImportError:
            pass
        else:
            assert tkinter.Tcl().eval("info library")
    from _standalone_runtime import doctor
    assert list(doctor.inspect())


def child_environment():
    """What a child process finds in its environment: the process's own,
    whatever os.environ believes."""
    return children.run(
        [sys.executable, "-I", "-S", "-c",
         "import os; print(sorted(os.environb.items()))"],
        env=None, check=True, stdout=subprocess.PIPE, text=True).stdout


def main():
    """Exit code 0: nothing of the environment has changed."""
    before = child_environment(), dict(os.environ)
    use()
    after = child_environment(), dict(os.environ)
    for was, became in zip(before, after, strict=True):
        if was != became:
            sys.exit(f"environment changed from\n{was}\nto\n{became}")


if __name__ == "__main__":
    main()
