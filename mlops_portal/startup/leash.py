"""Runs one command on a leash: when the process that started it dies, even by kill -9, the command gets a signal.

    python -I leash.py SIGNAL PARENT_PID [--as-nobody FOLDER] command …

A program of its own, because setting this up between fork and exec is unsafe beside threads. Standard library only.
As root, `--as-nobody` shows the command an unprivileged user id (PostgreSQL refuses to be root), to whom FOLDER is
given: in a user namespace, where root's files stay root's on the disk; where the kernel forbids that, as the real user
nobody who keeps one right of root, to pass folders such as /root.
"""

import contextlib
import ctypes
import os
import struct
import sys

NOBODY = 65534
PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
NO_SETUID_FIXUP = 1 << 2  # rights outlive the change of user id, and access() honours them
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CLONE_NEWUSER = 0x10000000
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Put this process on the leash and become the command."""
    death_signal, parent, *command = sys.argv[1:]
    if command[0] == "--as-nobody":
        _, folder, *command = command
        _become_nobody(folder)
    if sys.platform == "linux":
        libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)  # last: a change of user id would undo it
    if os.getppid() != int(parent):
        sys.exit("the process that started this one is gone")
    os.execvp(command[0], command)


def can_use_user_namespace() -> bool:
    """Whether this machine lets a process of ours make a user namespace; tried in a child that ends at once."""
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(BaseException):
            _enter_user_namespace()
            status = 0
        os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def _become_nobody(folder: str) -> None:
    if can_use_user_namespace():
        _give(folder, os.geteuid(), os.getegid())
        _enter_user_namespace()
    else:
        _give(folder, NOBODY, NOBODY)
        _drop_to_nobody()


def _give(folder: str, uid: int, gid: int) -> None:
    if os.stat(folder).st_uid == uid:
        return
    for inside, folders, files in os.walk(folder):
        for name in folders + files:
            os.chown(os.path.join(inside, name), uid, gid, follow_symlinks=False)
    os.chown(folder, uid, gid)  # last: a walk cut short is done again


def _enter_user_namespace() -> None:
    uid, gid = os.geteuid(), os.getegid()
    _call(libc.unshare, CLONE_NEWUSER)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{NOBODY} {uid} 1")
    _write("/proc/self/gid_map", f"{NOBODY} {gid} 1")


def _drop_to_nobody() -> None:
    _call(libc.prctl, PR_SET_SECUREBITS, NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    only = 1 << CAP_DAC_OVERRIDE
    _call(libc.capset, struct.pack("Ii", CAPABILITY_VERSION_3, 0), struct.pack("6I", only, only, only, 0, 0, 0))
    _call(libc.prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _call(function, *arguments) -> None:
    if function(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


if __name__ == "__main__":
    main()
