"""The views of the registry that a person keeps."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from systems.actions.views import forget_view, keep_view
from systems.doors import rule
from systems.forms.views import ViewForm


@require_POST
@rule("view.own")
def keep(request):
    """Keep what is asked of the list under a name, and show it."""
    form = ViewForm(request.POST)
    at = reverse("systems:list")
    if not form.is_valid():
        for name, errors in form.errors.items():
            messages.error(request, f"The view is not kept. {name.capitalize()}: {' '.join(errors)}")
        return redirect(at)
    try:
        view = keep_view(by=request.user, **form.cleaned_data)
    except ValidationError as error:
        messages.error(request, error.message)
        return redirect(at)
    messages.success(request, f"The view “{view}” is kept; it stands above the list.")
    return redirect(f"{at}?{view.query}")


@require_POST
@rule("view.own")
def forget(request, view):
    """Forget one of the own views."""
    one = get_object_or_404(request.user.saved_views, pk=view)
    forget_view(view=one, by=request.user)
    messages.success(request, f"The view “{one}” is forgotten.")
    return redirect("systems:list")
