"""Does somebody answer for it, and does it say what it is for?"""

from django.urls import reverse

from systems.checking import Finding, check
from systems.models import Holding, Outcome, Role

PASS, FAIL = Outcome.Result.PASS, Outcome.Result.FAIL


def _role_check(role: Role) -> None:
    @check(
        key=f"role_filled_{role}",
        topic="ownership",
        title=f"{role.label} is named",
        for_role=Role.PRODUCT_OWNER,
    )
    def judge(systems):
        """Pass when an active person holds the role now."""
        held = Holding.objects.current().filter(role=role, system__in=systems).select_related("person")
        holder = {row.system_id: row.person for row in held}
        for pk, slug in systems.values_list("pk", "slug"):
            url = reverse("systems:owner", args=[slug, role])
            person = holder.get(pk)
            if person is None:
                yield Finding(pk, FAIL, f"Nobody is named as {role.label.lower()}.", url)
            elif not person.is_active:
                yield Finding(pk, FAIL, f"The {role.label.lower()}, {person}, may no longer sign in.", url)
            else:
                yield Finding(pk, PASS, f"{person} is the {role.label.lower()}.", url)


for _role in Role:
    _role_check(_role)


@check(key="purpose_written", topic="ownership", title="Purpose is written", for_role=Role.PRODUCT_OWNER)
def purpose_written(systems):
    """Pass when the purpose says something: three words at least."""
    for pk, slug, purpose in systems.values_list("pk", "slug", "purpose"):
        url = reverse("systems:edit", args=[slug])
        if len(purpose.split()) >= 3:
            yield Finding(pk, PASS, "The purpose is written.", url)
        else:
            yield Finding(pk, FAIL, "Nobody has written what this system is for.", url)
