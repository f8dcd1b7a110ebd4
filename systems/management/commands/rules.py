from mlops_portal.engine.commands import PortalCommand
from systems.access import RULES
from systems.models import Group

GROUPS = {
    Group.VIEWER: "reads; whoever is in no group may do the same",
    Group.DATA_SCIENTIST: "registers systems, and looks after those of own teams",
    Group.ON_CALL: "acts on incidents and alerts",
    Group.MANAGER: "reviews, waives, assigns roles, decides phases; sees restricted systems",
    Group.ADMINISTRATOR: "people, settings, audit",
}
PAGE = """# Who may do what

Made by `manage.py rules` from the one table that pages, API and files ask (`systems/access.py`); a test holds the two
together. What nobody declared is refused, and a test walks every address to see that each has declared its rule.

## Kinds of people

A person is in any number of groups and teams, and holds any number of roles; whoever is the deputy of a role may do
what its holder may.

{groups}

## Rules

Rows: what is done. Columns: who may, whatever else they are.

{table}

## What is hidden

A system that is *restricted* exists for its team, those who hold a role of it with their deputies, and managers. Being
an administrator does not help. For everybody else it, and all that hangs on it, answers like what was never there: in
lists, counts, reports, spreadsheets, incidents, the audit trail and the portal's own figures. Three things to know:

- What the portal says of its own mail, how much waits and how much reached nobody, is about all of it.
- A short name is taken once. Whoever types one that is in use is told so, seen or not, and nothing else.
- An incident is read by whoever sees one of the systems that it touches: what people write there is theirs to weigh.
  Entries that the portal wrote about a hidden one of them are left out.

## Tokens

A token can do what its owner may, cut down to its scopes, and no longer than the owner may sign in.
"""


def page() -> str:
    """Return the page in Markdown."""
    kinds = list(dict.fromkeys(kind for rule in RULES.values() for kind in rule.kinds))
    ticks = [[rule.what, *["yes" if kind in rule.kinds else "" for kind in kinds]] for rule in RULES.values()]
    return PAGE.format(
        groups=_table(["group", "in short"], [[f"`{group}`", said] for group, said in GROUPS.items()]),
        table=_table(["", *[kind.words for kind in kinds]], ticks),
    )


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, *rows)]
    return "\n".join([lines[0], "|---" * len(heads) + "|", *lines[1:]])


class Command(PortalCommand):
    help = "Print who may do what as a page in Markdown: docs/security/who-may-what.md."

    def handle(self, **options):
        self.stdout.write(page(), ending="")
