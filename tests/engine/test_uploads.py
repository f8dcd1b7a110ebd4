from django.core.files.uploadedfile import SimpleUploadedFile

from tests.protections import protects

DJANGOS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]


@protects("S8", off={"settings.FILE_UPLOAD_HANDLERS": DJANGOS})
def test_a_file_that_nobody_asked_for_is_not_kept(rf):
    request = rf.post("/accounts/login/", {"login": "somebody", "file": SimpleUploadedFile("x", b"x" * 1000)})
    assert (request.POST["login"], list(request.FILES)) == ("somebody", [])
