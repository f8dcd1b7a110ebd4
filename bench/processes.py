"""What processes have used so far, as Linux tells it."""

import os
from pathlib import Path

from django.db import connection

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """Return the CPU time of a process and of its children that have ended, in seconds; of one that has ended, 0."""
    try:
        times = _stat(pid)[11:15]
    except (FileNotFoundError, ProcessLookupError):  # between two looks; its mother counts it now
        return 0.0
    return sum(map(int, times)) / TICKS_PER_S


def cpu_s_alone(pid: int) -> float:
    """Return the CPU time of a process, without its children, in seconds."""
    return sum(map(int, _stat(pid)[11:13])) / TICKS_PER_S


def memory_mb(pid: int) -> float:
    """Return the memory of a process that is its own, in MB."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kept = [line.split() for line in rollup.splitlines() if line.startswith("Private_")]
    return sum(int(words[1]) for words in kept) / 1024


def children(parent: int) -> list[int]:
    """Return the processes whose parent is `parent`."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and int(_stat(int(entry))[1]) == parent:
                found.append(int(entry))
        except (OSError, IndexError):  # it has ended
            continue
    return found


def command(pid: int) -> str:
    """Return the command line of a process."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


def database_cpu_s() -> float:
    """Return the CPU time of all processes of this connection's database server, which runs on this machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        mother = int(_stat(cursor.fetchone()[0])[1])
    return cpu_s(mother) + sum(cpu_s(pid) for pid in children(mother))


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
