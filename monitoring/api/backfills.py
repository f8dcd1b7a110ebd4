"""Reading the past of a source: asked for at the source, followed and cancelled here."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from mlops_portal.engine.api.errors import Conflict
from mlops_portal.engine.api.fields import Moment
from mlops_portal.engine.api.permissions import Door
from mlops_portal.engine.api.serializers import Nothing, Strict
from mlops_portal.engine.limits import spend
from monitoring.actions import backfilling
from monitoring.api.shapes import address
from monitoring.api.sources import OfASystem
from monitoring.models import Backfill, Source
from systems.models import Scope


class NewBackfill(Strict):
    """The stretch of the past to be read; what lies behind retention, or is not past yet, is left out."""

    def get_fields(self):
        return {"from": Moment(source="from_at"), "to": Moment(source="to_at")} | super().get_fields()


@extend_schema_serializer(component_name="Backfill")
class BackfillShape(serializers.ModelSerializer):
    """`share` of it is read so far; `outcome` is null until it has come to its end."""

    id = serializers.CharField(source="pk")
    url = address("backfill")
    source = serializers.CharField(source="source_id")
    cursor = Moment()
    share = serializers.FloatField()
    asked_at = Moment()
    ended_at = Moment(allow_null=True)
    outcome = serializers.ChoiceField(Backfill.Outcome.choices, allow_null=True)

    class Meta:
        model = Backfill
        fields = [
            *["id", "source", "cursor", "share", "attempt", "asked_at", "ended_at", "outcome", "error"],
            *["points", "duplicates", "conflicts", "url"],
        ]

    def get_fields(self):
        return {"from": Moment(source="from_at"), "to": Moment(source="to_at")} | super().get_fields()


class SourceBackfills(OfASystem):
    queryset = Source.objects.select_related("system")
    serializer_class = BackfillShape
    lookup_url_kwarg = "source_id"
    doors = {"create": Door(Scope.WRITE, "system.edit", takes=NewBackfill, status=202)}

    def get_queryset(self):
        return super().get_queryset().visible_to(self.request.user)

    def create(self, request, source_id) -> Response:
        """Have a stretch of the past read; what is answered says how far it is. 409: this source has no past."""
        source = self.get_object()
        facts = self.given()
        spend("pull", by=request.user)
        try:
            row = backfilling.backfill(source, **facts, by=request.user, at=timezone.now())
        except backfilling.CannotBackfill as cannot:
            if cannot.field:
                raise ValidationError({cannot.field: [str(cannot)]}) from None
            raise Conflict(str(cannot)) from None
        except backfilling.Underway as underway:
            raise Conflict(str(underway), self.represent(underway.backfill)["url"]) from None
        return self.answer(row)


class Backfills(OfASystem):
    queryset = Backfill.objects.select_related("source__system")
    serializer_class = BackfillShape
    lookup_url_kwarg = "backfill_id"
    doors = {
        "retrieve": Door(Scope.READ, "read"),
        "cancel": Door(Scope.WRITE, "system.edit", takes=Nothing),
    }

    def get_queryset(self):
        return super().get_queryset().visible_to(self.request.user)

    def cancel(self, request, backfill_id) -> Response:
        """Read no more of it; what was read stays."""
        row = self.get_object()
        self.given()
        if not backfilling.cancel_backfill(row, by=request.user, at=timezone.now()):
            raise Conflict("It has come to its end already.")
        row.refresh_from_db()
        return self.answer(row)
