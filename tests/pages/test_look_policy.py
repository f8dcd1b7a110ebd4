"""What the strict policy refuses must not be written in the first place (S24)."""

import re

import pytest

from mlops_portal.startup.embedded import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static").rglob("*.css"))
REFUSED = re.compile(r"""\sstyle=|<style|\son[a-z]+=|hx-on|hx-vals=["']js|javascript:|<script(?![^>]*\ssrc=)""")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_has_anything_inline(path):
    assert REFUSED.findall(path.read_text()) == []


@pytest.mark.parametrize("path", [*TEMPLATES, *STYLES], ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_loaded_from_another_host(path):
    assert re.findall(r"""(?:src=|url\(|@import|<link[^>]*href=)["']?\s*(?:https?:)?//""", path.read_text()) == []


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_no_style_meets_the_class_names_of_the_interactive_chart(path):
    bare = re.findall(r"(?:^|[,{}]\s*|\n\s*)\.(line|x|y|bg|point|grid)\b(?!-)", path.read_text())
    assert bare == []
