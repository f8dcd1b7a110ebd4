"""The declaration that stands on every page view: who may come in. A view without one fails tests/doors/.

@rule("system.register")              a rule about nobody in particular is asked before the view begins
def register(request): ...

@rule("read", post="role.assign")     what is posted goes by another rule
def owner(request, slug, role): ...

@rule("system.edit")                  a rule about a thing is asked by the view, as soon as it has the thing
def edit(request, slug):
    system = get_object_or_404(System.objects.visible_to(request.user), slug=slug)
    require(request.user, "system.edit", system)

@public("Probes have no account.")    anybody, and the reason why
def live(request): ...
"""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required, login_required

from systems.access import RULES, require


def rule(key: str, *, post: str = "") -> Callable:
    """Declare that the page view goes by the rule `key` of RULES; what is posted to it by `post` where that differs.

    Raises KeyError when there is no such rule.
    """
    about = {method: RULES[one].about for method, one in (("GET", key), ("POST", post or key))}

    def declare(view: Callable) -> Callable:
        @wraps(view)
        def guarded(request, *args, **kwargs):
            asked = "POST" if request.method == "POST" else "GET"
            if not about[asked]:
                require(request.user, guarded.rules[asked])
            return view(request, *args, **kwargs)

        guarded.rules = {"GET": key, "POST": post or key}
        return login_required(guarded)

    return declare


def public(reason: str) -> Callable:
    """Declare that the view answers anybody, also those who are not signed in; `reason` says why it may."""

    def declare(view: Callable) -> Callable:
        view = login_not_required(view)
        view.public = reason
        return view

    return declare
