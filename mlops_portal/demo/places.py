"""Where the demo world keeps its things, and on which port its models answer. Light: `up` asks before it starts."""

import socket
from pathlib import Path


def demo_folder(data_dir: Path) -> Path:
    return data_dir / "demo"


def kept_port(folder: Path) -> int:
    """Return the model server's port: the same at every start, unless somebody else has taken it meanwhile."""
    path = folder / "port"
    if path.exists() and _is_free(port := int(path.read_text())):
        return port
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    path.write_text(f"{port}\n")
    return port


def note_past(folder: Path, words: str) -> None:
    """Write down how far the world's past has been worked through, for the banner of pages; empty: it is done."""
    path = folder / "past"
    if not words:
        path.unlink(missing_ok=True)
        return
    draft = path.with_suffix(".draft")
    draft.write_text(words)
    draft.replace(path)


def past_noted(folder: Path) -> str:
    """Return how far the world's past has been worked through, empty where it is done or there is no demo."""
    try:
        return (folder / "past").read_text()
    except FileNotFoundError:
        return ""


def _is_free(port: int) -> bool:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False
