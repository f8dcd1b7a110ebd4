"""Plotly's script as a static file, out of the package that ships it: nothing of it is copied into the repository."""

from importlib.util import find_spec
from pathlib import Path

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

PREFIX, SCRIPT = "plotly", "plotly.min.js"


def package_folder() -> Path:
    """Return the folder in which the package keeps its script, without importing it: that takes a while."""
    return Path(find_spec("plotly").origin).parent / "package_data"


class PlotlyFinder(BaseFinder):
    """Knows the one file plotly/plotly.min.js."""

    def __init__(self, *args, **kwargs):
        self.storage = FileSystemStorage(location=package_folder())
        self.storage.prefix = PREFIX

    def find(self, path, find_all=False):
        found = self.storage.path(SCRIPT) if path == f"{PREFIX}/{SCRIPT}" else None
        return ([found] if found else []) if find_all else found or []

    def list(self, ignore_patterns):
        yield SCRIPT, self.storage
