"""Start programs in tests, end them at a deadline, and leave none behind.

Each program runs in its own session, which is killed with all its processes.
The tests of Tools/standalone use this file as well.
"""

import contextlib
import os
import signal
import subprocess
import threading
import time

#: Seconds; the machine may be busy, and a compiler among the programs.
DEADLINE = 300


@contextlib.contextmanager
def _sigint():
    """Have a program that the body starts not ignore SIGINT.

    A shell has the commands that it runs in the background ignore it, and
    whatever those start inherits that; but not a handler.
    """
    # Only the main thread may set handlers.
    ignored = (threading.current_thread() is threading.main_thread()
               and signal.getsignal(signal.SIGINT) == signal.SIG_IGN)
    if ignored:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if ignored:
            signal.signal(signal.SIGINT, signal.SIG_IGN)


class Child(subprocess.Popen):
    """A program, as `subprocess.Popen`, that the end of a with statement
    kills with all that it has started; nothing waits for it to end."""

    def __init__(self, argv, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        with _sigint():
            super().__init__([os.fspath(word) for word in argv],
                             start_new_session=True, **options)

    def __exit__(self, *exc_info):
        self.end()

    def end(self):
        """Kill it, close the pipes that lead to it, and reap it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        for pipe in self.stdin, self.stdout, self.stderr:
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self.wait(DEADLINE)

    def left(self):
        """Return the command lines of what runs in its session, after it
        has ended; a moment is granted to end as well."""
        until = time.monotonic() + 5
        while ((found := _session(self.pid))
               and time.monotonic() < until):
            time.sleep(0.02)
        return found


def start(test, argv, **options):
    """Return a running `Child`, which ends with *test* at the latest."""
    child = Child(argv, **options)
    test.addCleanup(child.end)
    return child


def run(argv, *, timeout=DEADLINE, check=False, capture_output=False,
        input=None, **options):
    """As `subprocess.run`, but AssertionError for a program that does not
    end in time, or that leaves another one running."""
    if capture_output:
        options.update(stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if input is not None:
        options["stdin"] = subprocess.PIPE
    with Child(argv, **options) as child:
        try:
            output = child.communicate(input, timeout)
        except subprocess.TimeoutExpired as exc:
            raise AssertionError(f"{child.args} did not end in {timeout} "
                                 f"seconds:\n{exc.output}") from exc
        if left := child.left():
            raise AssertionError(f"{child.args} left running: {left}")
    done = subprocess.CompletedProcess(child.args, child.returncode, *output)
    if check:
        done.check_returncode()
    return done


def wait(pid, timeout=DEADLINE):
    """Return the exit code of a child that is not a `Child`; kill it and
    raise AssertionError if it does not end in time."""
    until = time.monotonic() + timeout
    while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise AssertionError(f"{pid} did not end in {timeout} seconds")
        time.sleep(0.01)
    return os.waitstatus_to_exitcode(ended[1])


def fork(function, timeout=DEADLINE):
    """Return the exit code of a child that calls *function* and ends with
    what it returns, or with 255 if it raises an exception."""
    pid = os.fork()
    if pid == 0:
        code = 255
        try:
            code = function()
        finally:
            os._exit(code)
    return wait(pid, timeout)


def _session(leader):
    """The command lines of all that run in the session of *leader*."""
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return []
    except PermissionError:
        pass
    found = []
    with contextlib.suppress(FileNotFoundError):
        for pid in filter(str.isdecimal, os.listdir("/proc")):
            with contextlib.suppress(OSError):   # it has just ended
                with open(f"/proc/{pid}/stat", errors="replace") as file:
                    state, _, _, session = file.read().rpartition(
                        ")")[2].split()[:4]
                if int(session) == leader and state not in "ZX":
                    with open(f"/proc/{pid}/cmdline",
                              errors="replace") as file:
                        found.append(file.read().replace("\0", " "))
    return found
