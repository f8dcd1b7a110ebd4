"""YAML from strangers: read as the JSON that it stands for, with JSON's caps (F25); and written for people."""

import json
from typing import Any

import yaml

from mlops_portal.engine.api.parsing import NotJson, parse_json

MAX_BYTES = 256 * 1024


class NotPlain(ValueError):
    """The text is no YAML, or YAML that says more than JSON can; the message says which."""


class _Loader(yaml.SafeLoader):
    """Knows no aliases, no dates and no member twice."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent, index):
        if self.check_event(yaml.AliasEvent):
            raise NotPlain("An alias stands for another part: write it out.")
        return super().compose_node(parent, index)

    def construct_mapping(self, node, deep=False):
        said = super().construct_mapping(node, deep=True)
        if any(not isinstance(name, str) for name in said):
            raise NotPlain("A member's name is no text: put it into quotes.")
        if len(said) != len(node.value):
            raise NotPlain(f"A member comes twice at line {node.start_mark.line + 1}.")
        return said


def parse_yaml(raw: bytes) -> Any:
    """Return what `raw` says, as plain as JSON. Raises NotPlain."""
    if len(raw) > MAX_BYTES:
        raise NotPlain(f"It is larger than {MAX_BYTES // 1024} kB.")
    try:
        said = yaml.load(raw.decode("utf-8"), _Loader)  # noqa: S506  a safe loader, cut down further
        return parse_json(json.dumps(said, allow_nan=False).encode())
    except UnicodeDecodeError:
        raise NotPlain("It is not UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise NotPlain(f"It is no YAML: {getattr(error, 'problem', None) or 'not readable'}{where}.") from None
    except RecursionError:
        raise NotPlain("It is nested too deep.") from None
    except NotJson as error:
        raise NotPlain(str(error)) from None
    except (TypeError, ValueError) as error:
        raise error if isinstance(error, NotPlain) else NotPlain("It holds what JSON cannot say.") from None


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, so that a runbook reads as one; and everything out, no aliases."""

    def ignore_aliases(self, data) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str):
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def write_yaml(said: Any) -> str:
    """Return `said`, plain as JSON, as YAML in the order in which it stands."""
    return yaml.dump(said, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
