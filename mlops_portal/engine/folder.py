"""The broker of one machine: kombu's folder of messages, in which a message appears whole or not at all.

Kombu's own opens a message's file and then writes it; a worker that looks in between reads nothing and ends.
"""

import os
import time
from pathlib import Path
from queue import Empty
from uuid import uuid4

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

TRANSPORT_ALIASES["folder"] = "mlops_portal.engine.folder:Transport"


class Channel(filesystem.Channel):
    def _put(self, queue, payload, **kwargs):
        """Write the message beside its place, under a name that belongs to no queue, then put it there."""
        name = f"{time.monotonic_ns() // 1_000_000}_{uuid4()}.{queue}.msg"
        draft = Path(self.data_folder_out, f".{name}")
        try:
            draft.write_text(dumps(payload))
            os.replace(draft, Path(self.data_folder_out, name))
        except OSError as error:
            raise ChannelError(f"Cannot add a message to {self.data_folder_out}") from error

    def _get(self, queue):
        """Return the next message; one that a killed machine left half written is as good as lost."""
        try:
            return super()._get(queue)
        except ValueError:
            raise Empty from None


class Transport(filesystem.Transport):
    Channel = Channel
