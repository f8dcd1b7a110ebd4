"""Caches that keep JSON, so that nothing in the house is ever unpickled (RELIABILITY S34)."""

import json


class JsonSerializer:
    """For Django's Redis cache: integers stay plain so that Redis can count with them, the rest is JSON."""

    def dumps(self, value):
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, data):
        return json.loads(data)
