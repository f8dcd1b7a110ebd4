import importlib
import logging
import pkgutil

from django.core.management.base import BaseCommand

import bench.measures
from bench.database import own_database


def known() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(bench.measures.__path__)]


class Command(BaseCommand):
    help = "Measure the portal beside another way of doing the same, on a database of its own; one line per figure."

    def add_arguments(self, parser):
        parser.add_argument("names", nargs="+", metavar="NAME", choices=known(), help=f"one of: {', '.join(known())}")

    def handle(self, *, names, **options):
        logging.disable(logging.INFO)
        for name in names:
            measure = importlib.import_module(f"bench.measures.{name}")
            with own_database():
                for figure in measure.figures():
                    self.stdout.write(str(figure))
