"""Run a program as if under another kernel, by a seccomp filter.

    python -m test.test_standalone_runtime.kernel RULE[,RULE...] PROGRAM...

``no-NAME``    the system call NAME does not exist: ENOSYS
``trap-NAME``  a process that makes this call dies of SIGSYS
``trap-wall``  a process that waits for a time of the realtime clock dies
               of SIGSYS

https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html
"""

import ctypes
import errno
import functools
import os
import platform
import struct
import subprocess
import sys
import textwrap

from test.test_standalone_runtime import children

# https://github.com/torvalds/linux: arch/x86/entry/syscalls/syscall_64.tbl
# and, for newer architectures, include/uapi/asm-generic/unistd.h.
_X86_64 = {"close_range": 436, "copy_file_range": 326, "futex": 202,
           "getrandom": 318, "memfd_create": 319, "preadv2": 327,
           "pwritev2": 328, "statx": 332}
_GENERIC = {"close_range": 436, "copy_file_range": 285, "futex": 98,
            "getrandom": 278, "memfd_create": 279, "preadv2": 286,
            "pwritev2": 287, "statx": 291}
CALLS = {"x86_64": _X86_64, "aarch64": _GENERIC,
         "riscv64": _GENERIC}.get(platform.machine())

# linux/filter.h: load a word, compare it, look at a bit of it, return.
_LOAD, _EQUAL, _BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
# linux/seccomp.h: where the call's number and its arguments are (the
# lower half of each, little-endian), and what to do with the call.
_NUMBER = 0
_OPERATION, _TIMEOUT = 16 + 1 * 8, 16 + 3 * 8
_ALLOW, _TRAP, _FAIL = 0x7fff0000, 0x00030000, 0x00050000
# linux/prctl.h, linux/futex.h
_SET_SECCOMP, _SET_NO_NEW_PRIVS, _MODE_FILTER = 22, 38, 2
_CLOCK_REALTIME = 256


def _instruction(code, value, if_true=0, if_false=0):
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _filter(rules):
    program = [_instruction(_LOAD, _NUMBER)]
    for rule in rules:
        action, _, name = rule.partition("-")
        if name == "wall":
            continue
        verdict = _FAIL | errno.ENOSYS if action == "no" else _TRAP
        program += [_instruction(_EQUAL, CALLS[name], 0, 1),
                    _instruction(_RETURN, verdict)]
    if "trap-wall" in rules:
        # A wait without end has this bit as well, but no timeout.
        program += [_instruction(_EQUAL, CALLS["futex"], 0, 5),
                    _instruction(_LOAD, _OPERATION),
                    _instruction(_BIT, _CLOCK_REALTIME, 0, 3),
                    _instruction(_LOAD, _TIMEOUT),
                    _instruction(_EQUAL, 0, 1, 0),
                    _instruction(_RETURN, _TRAP)]
    return [*program, _instruction(_RETURN, _ALLOW)]


def install(rules):
    """Of this process and all that come of it, for good.  OSError if
    the kernel does not take it."""
    program = _filter(rules)
    code = ctypes.create_string_buffer(b"".join(program))
    # struct sock_fprog
    argument = ctypes.create_string_buffer(
        struct.pack("@HP", len(program), ctypes.addressof(code)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    for words in ((_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
                  (_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(argument),
                   0, 0)):
        if prctl(*words):
            raise OSError(ctypes.get_errno(), "no seccomp filter")


@functools.cache
def works():
    """Can this user, on this kernel, install a filter?"""
    return CALLS is not None and under("no-statx", "").returncode == 0


def under(rules, code):
    """Run *code* in an interpreter under these rules; return the process."""
    return children.run(
        [sys.executable, "-m", __name__, rules,
         sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        encoding="utf-8")


if __name__ == "__main__":
    install(sys.argv[1].split(","))
    os.execv(sys.argv[2], sys.argv[2:])
