"""The schema of a text in the file."""


def text(most: int, least: int = 0, **more) -> dict:
    return {"type": "string", "minLength": least, "maxLength": most} | more
