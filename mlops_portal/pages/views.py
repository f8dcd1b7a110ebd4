"""Pages that gather all three apps."""

from django.shortcuts import redirect


def home(request):
    return redirect("systems:list")
