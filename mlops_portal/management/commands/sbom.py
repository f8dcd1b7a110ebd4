import json

from django.core.management.base import BaseCommand

from mlops_portal.locks import bill_of_materials
from mlops_portal.startup.embedded import ROOT


class Command(BaseCommand):
    help = "Print what the portal runs on, out of its lock, as a CycloneDX bill of materials."
    requires_system_checks = ()

    def handle(self, **options):
        self.stdout.write(json.dumps(bill_of_materials(ROOT), indent=2))
