import contextlib
import importlib
import logging
import pkgutil

from django.core.management.base import BaseCommand, CommandError

import bench.measures
from bench.database import own_database


def known() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(bench.measures.__path__)]


class Command(BaseCommand):
    help = "Measure the portal beside another way of doing the same, one line per figure; on a database of its own."

    def add_arguments(self, parser):
        parser.add_argument("names", nargs="+", metavar="NAME", choices=known(), help=f"one of: {', '.join(known())}")
        parser.add_argument("--data", metavar="FOLDER", help="detection: score these series, not generated ones")
        parser.add_argument("--labels", metavar="FILE", help="detection: what is true of the series in FOLDER")
        parser.add_argument("--seconds", type=int, default=60, metavar="N", help="schedule: for how long (60)")

    def handle(self, *, names, data, labels, seconds, **options):
        if bool(data) != bool(labels):
            raise CommandError("--data and --labels belong together.")
        logging.disable(logging.INFO)
        for name in names:
            measure = importlib.import_module(f"bench.measures.{name}")
            asked = {"data": data, "labels": labels} if data and name == "detection" else {}
            asked |= {"seconds": seconds} if name == "schedule" else {}
            needs_database = getattr(measure, "NEEDS_DATABASE", True)
            with own_database() if needs_database else contextlib.nullcontext():
                for figure in measure.figures(**asked):
                    self.stdout.write(str(figure))
