"""Bodies in YAML, in and out, for the resources that are documents."""

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer

from mlops_portal.engine.plain_yaml import MAX_BYTES, NotPlain, parse_yaml, write_yaml


class YamlParser(BaseParser):
    media_type = "application/yaml"

    def parse(self, stream, media_type=None, parser_context=None):
        return self._understood(stream.read(MAX_BYTES + 1))

    def _understood(self, raw: bytes):
        try:
            return parse_yaml(raw)
        except NotPlain as error:
            raise ParseError(f"The body is not the YAML that is taken here. {error}") from None


class YamlTextParser(YamlParser):
    """For documents that are kept to the letter: the text, once it is known to be YAML."""

    def parse(self, stream, media_type=None, parser_context=None):
        raw = stream.read(MAX_BYTES + 1)
        self._understood(raw)
        return raw.decode()


class YamlRenderer(BaseRenderer):
    media_type, format, charset = "application/yaml", "yaml", "utf-8"

    def render(self, data, accepted_media_type=None, renderer_context=None):
        if renderer_context["response"].exception:  # problems are JSON, whatever was asked for
            return JSONRenderer().render(data)
        return write_yaml(data)
