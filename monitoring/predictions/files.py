"""Files below the operator's folders, and nothing else: no link is followed, no device or pipe is opened (S10)."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

LARGEST_FILE = 256 * 1024 * 1024
MOST_TOGETHER = 1024 * 1024 * 1024  # in one pull
MOST_FILES = 5000
LONGEST_NAME = 1000  # also of a pattern: a long one takes long to understand (S35)
_NEVER_BELOW = ("/proc", "/sys", "/dev")
_NOT_OURS = "Only regular files below the folders of PORTAL_LOG_ROOTS are read; {name!r} is none."


class Refused(Exception):
    """The name is none that may be read; the text is one sentence that says nothing of what is there."""


class TooLarge(Exception):
    """More bytes than one pull may read; the text is one sentence."""


@dataclass(frozen=True)
class LogFile:
    """A regular file below a root; `name` is its path from there."""

    root: Path
    name: str
    size: int
    changed_at: datetime


def refuse_unfit(name: str) -> None:
    """Raise Refused unless `name` is a relative path of plain parts, in which `*` and `?` may stand for letters."""
    parts = name.split("/")
    if (
        not 0 < len(name) <= LONGEST_NAME
        or "\0" in name
        or "**" in name
        or any(part in ("", ".", "..") for part in parts)
    ):
        raise Refused(_NOT_OURS.format(name=name[:80]))


def find_files(roots: Sequence[Path], name: str, *, endings: Sequence[str]) -> list[LogFile]:
    """Return the files that `name` means, in the order of their names: a file, a pattern, or all of a folder.

    The first root in which there are any counts. Raises Refused for what is no regular file, or leads out of its root.
    """
    refuse_unfit(name)
    for root in roots:
        found = list(_below(root, name.split("/"), endings, name))
        if len(found) > MOST_FILES:
            raise TooLarge(f"{name!r} means {len(found)} files; {MOST_FILES} is the most that one source may have.")
        if found:
            return sorted(found, key=lambda file: file.name)
    return []


def open_file(file: LogFile):
    """Return the file opened for reading, in bytes. Raises Refused, TooLarge, or OSError."""
    with _folder(file.root) as root:
        *folders, last = file.name.split("/")
        descriptor = _walk(root, folders, file.name)
        try:
            opened = _open_regular(descriptor, last, file.name, file.root)
        finally:
            os.close(descriptor)
    size = os.fstat(opened).st_size
    if size > LARGEST_FILE:
        os.close(opened)
        raise TooLarge(f"{file.name!r} has {size // 1048576} MB; {LARGEST_FILE // 1048576} MB is the most.")
    return os.fdopen(opened, "rb")


class _folder:
    """The root, opened: what is walked from here cannot be swapped meanwhile."""

    def __init__(self, path: Path):
        self.path = path

    def __enter__(self) -> int:
        self.descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return self.descriptor

    def __exit__(self, *error) -> None:
        os.close(self.descriptor)


def _below(root: Path, parts: list[str], endings: Sequence[str], name: str) -> Iterator[LogFile]:
    if not root.is_dir():
        return
    with _folder(root) as descriptor:
        for found in _matching(descriptor, parts, "", name):
            is_folder = stat.S_ISDIR(_stat(descriptor, found).st_mode)
            for path in _listed(descriptor, found, endings) if is_folder else [found]:
                status = _stat(descriptor, path)
                if not _is_plain(status):
                    raise Refused(_NOT_OURS.format(name=name[:80]))
                yield LogFile(root, path, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


def _matching(root: int, parts: list[str], before: str, name: str) -> Iterator[str]:
    """Yield the paths from the root that the parts mean; every folder on the way is entered without following links."""
    part, *rest = parts
    for entry in _entries(root, before, name) if _is_pattern(part) else [part]:
        if _is_pattern(part) and (not fnmatchcase(entry, part) or entry.startswith(".")):
            continue
        path = f"{before}{entry}"
        try:
            status = _stat(root, path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        if stat.S_ISLNK(status.st_mode):
            raise Refused(_NOT_OURS.format(name=name[:80]))
        if not rest:
            yield path
        elif stat.S_ISDIR(status.st_mode):
            yield from _matching(root, rest, f"{path}/", name)


def _entries(root: int, folder: str, name: str) -> list[str]:
    descriptor = _walk(root, folder.rstrip("/").split("/") if folder else [], name)
    try:
        return sorted(os.listdir(descriptor))
    finally:
        os.close(descriptor)


def _listed(root: int, folder: str, endings: Sequence[str]) -> list[str]:
    names = _entries(root, folder, folder)
    return [f"{folder}/{name}" for name in names if name.endswith(tuple(endings)) and not name.startswith(".")]


def _stat(root: int, path: str) -> os.stat_result:
    return os.stat(path, dir_fd=root, follow_symlinks=False)


def _walk(root: int, folders: list[str], name: str) -> int:
    """Return a descriptor of the folder, entered part by part. Raises Refused where a part is a link or no folder."""
    here = os.dup(root)
    for folder in folders:
        try:
            there = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
        except OSError:
            raise Refused(_NOT_OURS.format(name=name[:80])) from None
        finally:
            os.close(here)
        here = there
    return here


def _open_regular(folder: int, last: str, name: str, root: Path) -> int:
    """Return a descriptor of the regular file; O_NONBLOCK, so that a pipe cannot hold us up before it is refused."""
    try:
        opened = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        raise Refused(_NOT_OURS.format(name=name[:80])) from None
    if not _is_plain(os.fstat(opened)) or not _is_really_below(opened, root):
        os.close(opened)
        raise Refused(_NOT_OURS.format(name=name[:80]))
    return opened


def _is_plain(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode)


def _is_really_below(descriptor: int, root: Path) -> bool:
    """Whether the system says of the open file itself that it lies below the root, and on no system's own tree."""
    if not os.path.isdir("/proc/self/fd"):
        return True  # every part was entered without following links
    path = os.path.realpath(f"/proc/self/fd/{descriptor}")
    return path.startswith(f"{os.path.realpath(root)}/".replace("//", "/")) and not path.startswith(_NEVER_BELOW)


def _is_pattern(part: str) -> bool:
    return "*" in part or "?" in part
