"""What people do about what they were told."""

from datetime import datetime

from systems.models import Notice


def mark_read(*, notice: Notice, at: datetime) -> Notice:
    """Record when the notice was first read and return it."""
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=at)
    notice.refresh_from_db()
    return notice
