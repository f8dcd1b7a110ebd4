"""What the portal's own log formatter makes of what is logged meanwhile."""

import io
import logging
from contextlib import contextmanager

from mlops_portal.engine.logs import logging_config


@contextmanager
def logged():
    """Yield a StringIO that fills with the lines that are logged inside the block, as they would reach stderr."""
    how = dict(logging_config("INFO")["formatters"]["json"])
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(how.pop("()")(**how))
    logging.getLogger().addHandler(handler)
    try:
        yield handler.stream
    finally:
        logging.getLogger().removeHandler(handler)
