"""The portal's detection as a command: `python3 bench/detection/stream.py`, JSON lines in, JSON lines out.

{"series": ctx} begins a series and {"end": true} ends it (no answer); {"now", "ts", "value", "n"} is one arrival and is
answered with {"alarm": false}, or {"alarm": true, "why": …, "onset": epoch seconds}, before the next is read.
"""

import json
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[2])

from bench.detection.portal import Portal  # noqa: E402 (the package is found from the root of the repository)


def main() -> None:
    portal = None
    for line in sys.stdin:
        said = json.loads(line)
        if "series" in said:
            portal = Portal(said["series"])
        elif "ts" in said:
            sys.stdout.write(f"{json.dumps(_answer(portal, said))}\n")
            sys.stdout.flush()


def _answer(portal: Portal, said: dict) -> dict:
    if not portal.update(said["now"], said["ts"], said["value"], said["n"]):
        return {"alarm": False}
    return {"alarm": True, "why": portal.why, "onset": portal.onset}


if __name__ == "__main__":
    main()
