"""A database for one run of `bench`: made, migrated, and gone afterwards."""

import contextlib
import os
from collections.abc import Iterator

from django.conf import settings
from django.db import connection

from mlops_portal.startup.embedded import embedded_database
from mlops_portal.startup.postgres import temporary_server
from monitoring.store.partitions import forget


@contextlib.contextmanager
def own_database() -> Iterator[None]:
    """Run the block on a database of its own: on the server of DATABASE_URL, else on a temporary server."""
    with contextlib.nullcontext() if not settings.IS_EMBEDDED else temporary_server() as data_dir:
        if data_dir:
            connection.settings_dict.update(embedded_database(data_dir))
        name = connection.settings_dict["NAME"]
        connection.settings_dict["TEST"]["NAME"] = f"portal_bench_{os.getpid()}"
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        forget()
        try:
            yield
        finally:
            connection.creation.destroy_test_db(name, verbosity=0)
