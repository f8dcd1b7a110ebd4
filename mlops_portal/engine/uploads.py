"""Files in forms: the portal has none, so none is taken, not even for a moment (RELIABILITY S8)."""

from django.core.files.uploadhandler import FileUploadHandler, StopUpload


class NoFiles(FileUploadHandler):
    """Stops reading a request where a file begins: Django's own handlers would keep it on disk, whoever sends it."""

    def new_file(self, *args, **kwargs):
        raise StopUpload(connection_reset=True)

    def receive_data_chunk(self, raw_data, start):
        """Never comes to it."""

    def file_complete(self, file_size):
        """Never comes to it."""
