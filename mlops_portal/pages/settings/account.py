"""My account: the own name and time zone."""

from django.contrib import messages
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from mlops_portal.pages.settings.forms import AccountForm
from mlops_portal.pages.settings.tabs import show
from systems.actions.people import edit_person
from systems.doors import rule
from systems.models import Person


@rule("read")
@require_http_methods(["GET", "POST"])
def account(request):
    person = Person.objects.get(pk=request.user.pk)
    form = AccountForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        edit_person(person=person, by=request.user, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect("settings:account")
    return show(request, "settings/account.html", {"form": form}, status=422 if form.errors else 200)
