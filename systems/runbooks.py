"""Runbooks are Markdown from many hands: made into HTML that cannot do anything, and into steps to tick (S22)."""

import re

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

LONGEST = 20_000  # characters
_BOX = re.compile(r"\[[ xX]\]\s+")
_HEADINGS_ABOVE = 2  # a page has its own two levels
_TAGS = {
    *("p", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "s", "hr", "br"),
    *("table", "thead", "tbody", "tr", "th", "td", "a"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}


def _mark_steps(state: StateCore) -> None:
    """Take the box off the items that begin with one, and mark them."""
    for item, paragraph, text in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        is_item = (item.type, paragraph.type, text.type) == ("list_item_open", "paragraph_open", "inline")
        box = _BOX.match(text.content) if is_item else None
        if box:
            item.attrSet("class", "step")
            text.content = text.content[box.end() :]


def _lower_headings(state: StateCore) -> None:
    """Put the headings below the page's own, and none more than one level below the one before it."""
    level = _HEADINGS_ABOVE
    for token in state.tokens:
        if token.type == "heading_open":
            level = min(level + 1, int(token.tag[1]) + _HEADINGS_ABOVE, 6)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{level}"


def _image_as_link(renderer, tokens: list[Token], index: int, options, env) -> str:
    """A picture would be fetched from elsewhere by whoever reads: it becomes a link to it."""
    token = tokens[index]
    link = Token("link_open", "a", 1, attrs={"href": token.attrs["src"]})
    text = renderer.renderInlineAsText(token.children, options, env) or str(token.attrs["src"])
    return f"{renderer.renderToken([link], 0, options, env)}{nh3.clean_text(text)}</a>"


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    reader.core.ruler.after("block", "steps", _mark_steps)
    reader.core.ruler.after("block", "headings", _lower_headings)
    reader.add_render_rule("image", _image_as_link)
    return reader


_READER = _reader()


def render(body: str) -> str:
    """Return the Markdown `body` as HTML that is safe to show: no raw HTML, no scripts, nothing fetched."""
    return nh3.clean(
        _READER.render(body[:LONGEST]),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes={"li": {"step"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )


def steps_of(body: str) -> list[str]:
    """Return the texts of the items that have a box to tick (`- [ ] …`), in order, as plain words."""
    tokens = _READER.parse(body[:LONGEST])
    steps = zip(tokens, tokens[2:], strict=False)
    return [_words(text) for item, text in steps if item.type == "list_item_open" and item.attrGet("class") == "step"]


def _words(text: Token) -> str:
    said = [" " if part.type in ("softbreak", "hardbreak") else part.content for part in text.children or []]
    return "".join(said).strip()
