"""One value out of a JSON document, by JMESPath (https://jmespath.org/specification.html), within bounds.

An expression is written by a person of the house, the document by somebody else: together they may ask for more than
there is memory or time. What builds new lists, objects or texts out of itself can double at each step, so it is not
taken; everything else grows with the document, and its steps are counted.
"""

from collections.abc import Iterator
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from jmespath.visitor import Options, TreeInterpreter

LONGEST = 500
MOST_STEPS = 300_000
_BUILDS = {"multi_select_list": "[a, b]", "multi_select_dict": "{a: b}"}
_GROWS = {"join", "to_string"}
_FUNCTIONS = set(Functions.FUNCTION_TABLE) - _GROWS


class Unfit(ValueError):
    """An expression that cannot be used; the text says why."""


class OutOfSteps(Exception):
    """The expression asks for more steps than a pull may take."""


class _Counting(TreeInterpreter):
    """Evaluates in at most `steps` steps."""

    def __init__(self, steps: int):
        super().__init__(Options())
        self.left = steps

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise OutOfSteps

    def visit(self, node: dict, *args: Any, **kwargs: Any) -> Any:
        self.spend(1)
        return super().visit(node, *args, **kwargs)

    def visit_flatten(self, node: dict, value: Any) -> Any:
        flat = super().visit_flatten(node, value)
        self.spend(len(flat or ()))
        return flat

    def visit_function_expression(self, node: dict, value: Any) -> Any:
        self.spend(len(value) if isinstance(value, list | dict | str) else 1)
        return super().visit_function_expression(node, value)


def compiled(expression: str) -> dict:
    """Return the expression as a tree. Raises Unfit."""
    if len(expression) > LONGEST:
        raise Unfit(f"An expression has at most {LONGEST} characters.")
    try:
        tree = jmespath.compile(expression).parsed
    except (JMESPathError, RecursionError, ValueError):
        raise Unfit("This is no JMESPath expression, such as metrics.accuracy or items[0].value.") from None
    for node in _nodes(tree):
        if shape := _BUILDS.get(node["type"]):
            raise Unfit(f"An expression takes one value out: it cannot build {shape}.")
        if node["type"] == "function_expression" and node["value"] not in _FUNCTIONS:
            raise Unfit(f"There is no function {node['value'][:40]} here; there is {', '.join(sorted(_FUNCTIONS))}.")
    return tree


def _nodes(tree: dict) -> Iterator[dict]:
    waiting = [tree]
    while waiting:
        yield (node := waiting.pop())
        waiting += [child for child in node["children"] if isinstance(child, dict)]


class Evaluator:
    """Takes values out of one document; all of them together within `steps`."""

    def __init__(self, document: Any, steps: int = MOST_STEPS):
        self.document = document
        self.counting = _Counting(steps)

    def take(self, expression: str) -> Any:
        """Return what the expression finds, None for nothing. Raises Unfit and OutOfSteps."""
        tree = compiled(expression)
        try:
            return self.counting.visit(tree, self.document)
        except (JMESPathError, TypeError, ValueError, ArithmeticError, RecursionError, AttributeError):
            raise Unfit(f"{expression[:80]} cannot be worked out on what the target answers.") from None
