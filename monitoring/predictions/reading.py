"""Reading a log's files into columns: texts and times only, so that a file with other types is still read."""

import csv
import io
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from monitoring.predictions.files import MOST_TOGETHER, LogFile, TooLarge, open_file
from monitoring.predictions.windows import to_microseconds

PARQUET_MARK = b"PAR1"


class Unreadable(Exception):
    """A file that is not what its settings say; the text is one sentence."""


class OutOfTime(Exception):
    """The deadline passed while files were read."""


@dataclass
class Read:
    """Rows of many files as columns of texts; `last_columns` are those of the newest file, with its name."""

    table: pa.Table
    bytes: int = 0
    last_columns: list[str] = field(default_factory=list)
    last_file: str = ""
    left_out: int = 0
    unfinished: list[str] = field(default_factory=list)

    @property
    def note(self) -> str:
        """Return in a sentence what was left out, or nothing."""
        said = []
        if self.left_out:
            said.append(f"{self.left_out} rows do not have the columns of their file's first line and were left out.")
        if self.unfinished:
            said.append(f"The end of {self.unfinished[-1]} is still being written and was left for the next pull.")
        return " ".join(said)


def read_files(files: Iterable[LogFile], layout_format: str, wanted: Sequence[str], *, until: float) -> Read:
    """Return the wanted columns of all files, as texts; a column that a file lacks is empty there.

    `until` is of time.monotonic(). Raises Unreadable, OutOfTime, and what open_file raises.
    """
    read = Read(table=pa.table({name: pa.array([], pa.string()) for name in wanted}))
    take: Callable = _parquet if layout_format == "parquet" else _csv
    tables = []
    for file in files:
        if time.monotonic() > until:
            raise OutOfTime
        if (table := take(file, wanted, read)) is not None:
            tables.append(table)
        if read.bytes > MOST_TOGETHER:
            raise TooLarge(f"The files have more than {MOST_TOGETHER // 1048576} MB together, the most of one pull.")
    if tables:
        read.table = pa.concat_tables(tables).combine_chunks()
    return read


def columns_of(file: LogFile, layout_format: str) -> list[str]:
    """Return the names of the file's columns. Raises Unreadable and what open_file raises."""
    read = Read(table=pa.table({}))
    (_parquet if layout_format == "parquet" else _csv)(file, [], read)
    return read.last_columns


def times_of(column: pa.ChunkedArray) -> pa.Array:
    """Return the texts as microseconds since 1970, UTC where they name no zone; null where a text is no time."""
    texts = column.combine_chunks()
    for kind in (pa.timestamp("us", "UTC"), pa.timestamp("us")):
        try:
            return pc.cast(pc.cast(texts, kind), pa.int64())
        except pa.ArrowInvalid:
            continue
    return pa.array([_time(text) for text in texts.to_pylist()], pa.int64())


def numbers_of(column: pa.ChunkedArray) -> pa.Array:
    """Return the texts as numbers, null where a text is no finite number."""
    texts = column.combine_chunks()
    try:
        numbers = pc.cast(texts, pa.float64())
    except pa.ArrowInvalid:
        numbers = pa.array([_number(text) for text in texts.to_pylist()], pa.float64())
    return pc.if_else(pc.is_finite(numbers), numbers, pa.scalar(None, pa.float64()))


def classes_of(column: pa.ChunkedArray) -> pa.Array:
    """Return the texts as names of classes, of which `1`, `1.0` and `True`, `true` are one each."""
    encoded = column.combine_chunks().dictionary_encode()
    names = pa.array([class_name(text) for text in encoded.dictionary.to_pylist()], pa.string())
    return names.take(encoded.indices)


def class_name(text: str) -> str:
    """Return the one way in which this class is written here."""
    number = _number(text)
    if number is not None:
        return f"{number:.12g}"
    return text.lower() if text.lower() in ("true", "false") else text


def _csv(file: LogFile, wanted: Sequence[str], read: Read) -> pa.Table | None:
    with open_file(file) as opened:
        whole = opened.read()
    read.bytes += len(whole)
    end = whole.rfind(b"\n") + 1
    if end < len(whole):
        read.unfinished.append(file.name)
    if not end:
        return None  # not even its first line is finished
    first = whole[: whole.find(b"\n") + 1].decode("utf-8-sig", errors="replace")
    delimiter = max(",;\t", key=first.count)
    read.last_columns = next(csv.reader([first], delimiter=delimiter), [])
    read.last_file = file.name
    present = [name for name in wanted if name in read.last_columns]
    if len(set(read.last_columns)) < len(read.last_columns):
        raise Unreadable(f"{file.name} names a column twice.")
    if not present:
        return None
    table = _parsed(memoryview(whole)[:end], delimiter, present, file, read)
    return _with_all(table, wanted)


def _parsed(data, delimiter: str, present: list[str], file: LogFile, read: Read) -> pa.Table:
    def leave_out(row) -> str:
        read.left_out += 1
        return "skip"

    try:
        return arrow_csv.read_csv(
            pa.BufferReader(pa.py_buffer(data)),
            read_options=arrow_csv.ReadOptions(use_threads=False),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, invalid_row_handler=leave_out),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=present,
                column_types=dict.fromkeys(present, pa.string()),
                strings_can_be_null=True,
                null_values=["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"],
            ),
        )
    except pa.ArrowInvalid:
        raise Unreadable(f"{file.name} cannot be read as CSV in UTF-8.") from None


def _parquet(file: LogFile, wanted: Sequence[str], read: Read) -> pa.Table | None:
    with open_file(file) as opened:
        read.bytes += file.size
        if not _is_whole(opened):
            read.unfinished.append(file.name)
            return None
        try:
            parts = parquet.ParquetFile(opened)
            read.last_columns, read.last_file = parts.schema_arrow.names, file.name
            present = [name for name in wanted if name in read.last_columns]
            if not present:
                return None
            _refuse_bomb(parts.metadata, file)
            table = parts.read(columns=present, use_threads=False)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError):
            raise Unreadable(f"{file.name} cannot be read as Parquet.") from None
    return _with_all(pa.table({name: _as_text(table[name], file) for name in present}), wanted)


def _is_whole(opened) -> bool:
    opened.seek(0, io.SEEK_END)
    size = opened.tell()
    opened.seek(max(0, size - len(PARQUET_MARK)))
    mark = opened.read()
    opened.seek(0)
    return size > 2 * len(PARQUET_MARK) and mark == PARQUET_MARK


def _refuse_bomb(metadata, file: LogFile) -> None:
    unpacked = sum(metadata.row_group(n).total_byte_size for n in range(metadata.num_row_groups))
    if unpacked > MOST_TOGETHER or metadata.num_rows > MOST_TOGETHER // 16:
        raise TooLarge(f"{file.name} unpacks to more than {MOST_TOGETHER // 1048576} MB, the most of one pull.")


def _as_text(column: pa.ChunkedArray, file: LogFile) -> pa.ChunkedArray:
    if pa.types.is_floating(column.type):  # NaN is how pandas writes that there is none
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise Unreadable(
            f"{file.name} has a column of {column.type}, which is neither text, number nor time."
        ) from None


def _with_all(table: pa.Table, wanted: Sequence[str]) -> pa.Table:
    nothing = pa.nulls(table.num_rows, pa.string())
    return pa.table({name: table[name] if name in table.column_names else nothing for name in wanted})


def _time(text: str | None) -> int | None:
    """Return microseconds of a time in words, or of seconds (milliseconds, microseconds) since 1970."""
    number = _number(text or "")
    if number is not None and 1e8 <= number < 1e17:
        return int(number * (1_000_000 if number < 1e11 else 1000 if number < 1e14 else 1))
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return to_microseconds(at if at.tzinfo else at.replace(tzinfo=UTC))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if "_" not in text else None
