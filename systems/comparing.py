"""What differs between two texts, line by line."""

from difflib import unified_diff


def difference(before: str, after: str) -> list[tuple[str, str]]:
    """Return the lines that differ, with two of what is around them: (" ", "+" or "-", line); ("@", "") is a gap."""
    lines = list(unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[3:]
    return [("@", "") if line.startswith("@@") else (line[0], line[1:]) for line in lines]
