"""The schema of a text in the file."""


def text(most: int, least: int = 0, description: str = "", **more) -> dict:
    """Return the schema of a text of `least` to `most` characters; `description` says what belongs there."""
    said = {"description": description} if description else {}
    return {"type": "string", "minLength": least, "maxLength": most} | said | more
