"""Pages for what went wrong."""

from django.http import HttpResponseForbidden


def csrf_failure(request, reason=""):
    return HttpResponseForbidden("The form was too old; go back, reload and send it again.")
