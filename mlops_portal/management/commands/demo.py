from django.conf import settings
from django.core.management.base import BaseCommand

from mlops_portal.demo.filling import fill
from mlops_portal.startup.embedded import kept_secret

PASSWORD_FILE = "demo-password"  # noqa: S105  the name of the file


class Command(BaseCommand):
    help = "Fill the portal with a small invented organisation; can be run again, and goes on where it was stopped."

    def handle(self, **options):
        path = settings.DATA_DIR / PASSWORD_FILE
        for line in fill(kept_secret(path, size=9)):
            self.stdout.write(line)
            self.stdout.flush()
        self.stdout.write(f"The password of each is in {path}")
