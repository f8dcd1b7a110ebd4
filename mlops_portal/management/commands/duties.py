from django.core.management.base import BaseCommand, CommandError

from mlops_portal.engine.duties import do_all_once
from mlops_portal.engine.health import read_duties


class Command(BaseCommand):
    help = "Show when each duty was last done; with --once, do each of them once in this process, without Celery."

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true", help="do every duty once, then end")

    def handle(self, *, once, **options):
        failed = self._do() if once else False
        for duty in read_duties():
            age = "never" if duty.age_s is None else f"{duty.age_s:.0f} s ago"
            self.stdout.write(f"{duty.name:12} {age:>12}  {'late' if duty.late else 'on time'}  {duty.error}".rstrip())
        if failed:
            raise CommandError("Not every duty could be done.")

    def _do(self) -> bool:
        done = do_all_once()
        for name, did in done.items():
            self.stdout.write(f"{name}: {did}")
        return any(isinstance(did, str) for did in done.values())
