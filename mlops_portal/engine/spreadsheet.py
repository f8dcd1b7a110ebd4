"""Tables for spreadsheets: a cell that a spreadsheet would run as a formula is made plain text (RELIABILITY S25)."""

import csv
from collections.abc import Iterable

from django.http import HttpResponse

from mlops_portal.engine.limits import spend

_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠")  # the last four: as typed in Japanese


def _harmless(cell):
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_RUNS) else cell


def csv_answer(name: str, header: list[str], rows: Iterable[Iterable], *, by) -> HttpResponse:
    """Return the answer that downloads `rows` under `header` as the file `name`; numbers stay numbers.

    It counts as an export of the person `by`. Raises TooMany.
    """
    spend("export", by=by)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    write = csv.writer(answer)
    write.writerow(header)
    write.writerows([_harmless(cell) for cell in row] for row in rows)
    return answer
