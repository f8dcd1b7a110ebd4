from django.core.management.base import CommandError

from mlops_portal.card import model_card
from mlops_portal.engine.commands import PortalCommand
from mlops_portal.spec import as_file
from systems.models import System


class Command(PortalCommand):
    help = "Print a system as its file (mlsystem.yaml), without credentials, or as a model card in Markdown."

    def add_arguments(self, parser):
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--card", action="store_true", help="print its model card")

    def handle(self, *, slug, card, **options):
        system = System.objects.known_as(slug).select_related("team").first()
        if system is None:
            raise CommandError(f"There is no system {slug}.")
        self.stdout.write(model_card(system) if card else as_file(system), ending="")
