from django.core.management.base import CommandError

from mlops_portal.engine.commands import PortalCommand
from mlops_portal.engine.secrets import CannotSeal, rotate


class Command(PortalCommand):
    help = "Seal all stored credentials anew with the first key of PORTAL_ENCRYPTION_KEYS; safe to run again."

    def handle(self, **options):
        try:
            done = rotate()
        except CannotSeal as cannot:
            raise CommandError(str(cannot)) from None
        self.stdout.write(f"{done.anew} sealed anew with the first key; {done.current} had it already.")
        if done.closed:
            raise CommandError(
                f"{len(done.closed)} open with no key of PORTAL_ENCRYPTION_KEYS and were left as they are: "
                f"{', '.join(done.closed)}. Give the ring the key that sealed them, or enter their credentials again."
            )
