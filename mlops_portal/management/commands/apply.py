from pathlib import Path

from django.core.exceptions import PermissionDenied
from django.core.management.base import CommandError
from django.utils import timezone

from mlops_portal.engine.commands import PortalCommand
from mlops_portal.engine.plain_yaml import NotPlain, parse_yaml
from mlops_portal.engine.spec import Refused
from mlops_portal.spec import ChangedByHand, apply
from systems.models import Person

CHANGED = "Nothing was changed. It was changed by hand since the file was last applied; you would undo:"
HOW = "Take these into the file, or say with --take-file that the file counts. --dry-run shows all that would be done."


class Command(PortalCommand):
    help = "Make a system what its file (mlsystem.yaml) says, registering it when it is not there."

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--as", dest="user", metavar="USER", required=True, help="who applies it")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
        parser.add_argument("--take-file", action="store_true", help="also undo what was changed by hand")

    def handle(self, *, file, user, dry_run, take_file, **options):
        person = Person.objects.active().filter(username__iexact=user).first()
        if person is None:
            raise CommandError(f"There is no {user} who may sign in.")
        try:
            document = parse_yaml(file.read_bytes())
            how = {"take_file": take_file, "dry_run": dry_run}
            done = apply(document, slug=_slug(document), by=person, at=timezone.now(), **how)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from None
        except Refused as refused:
            lines = [f"{path}: {' '.join(texts)}" for path, texts in refused.errors.items()]
            raise CommandError("Nothing was changed.\n" + "\n".join(lines)) from None
        except ChangedByHand as changed:
            lines = [f"  {undone}" for undone in changed.plan.by_hand]
            raise CommandError("\n".join([CHANGED, *lines, HOW])) from None
        except (NotPlain, PermissionDenied) as error:
            raise CommandError(str(error)) from None
        for step in done.steps:
            self.stdout.write(f"{step.verb} {step.path}")
        for undone in done.by_hand:
            self.stdout.write(f"undoes {undone}")
        self.stdout.write(f"{len(done.steps)} steps{', none done' if dry_run else ''}.")


def _slug(document) -> str:
    """Return whose file it is. Raises CommandError when it does not say."""
    try:
        return str(document["system"]["slug"])
    except (KeyError, TypeError):
        raise CommandError("The file does not say which system it is about: system.slug.") from None
