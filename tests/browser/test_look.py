"""Every page of the frame at both sizes, light and dark; then what only a browser shows."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import VIEWS
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/inactive/", "/no/such/page/"])
def test_pages_for_anybody(visit, view, path):
    visitor = visit(view=view)
    visitor.go(path)
    assert visitor.look(path.strip("/").replace("/", "-")) == []


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    "path", ["/components/", "/components/?confirm=yes", "/accounts/password/change/", "/accounts/logout/", "/nothing/"]
)
def test_pages_for_who_is_signed_in(visit, view, path, manager):
    visitor = visit(manager, view)
    visitor.go(path)
    assert visitor.look("signed-in-" + path.strip("/").replace("/", "-").replace("?", "-")) == []


def test_signing_in_by_form(visit, viewer):
    page = visit().go("/accounts/login/?next=/components/")
    page.get_by_label("Username").fill("viewer")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Components")).to_be_visible()


def test_the_first_tab_leads_past_the_navigation(visit, viewer):
    page = visit(viewer).go("/components/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_slash_goes_to_the_search_and_is_not_typed(visit, viewer):
    page = visit(viewer).go("/components/")
    page.keyboard.press("/")
    search = page.locator("[data-search]")
    expect(search).to_be_focused()
    page.keyboard.type("a/b")
    expect(search).to_have_value("a/b")


def test_a_slash_finds_the_search_from_any_page(visit, viewer):
    page = visit(viewer).go("/accounts/logout/")
    page.keyboard.press("/")
    page.wait_for_url("**/systems/#search")


def test_on_paper_there_is_only_the_page(visit, viewer):
    page = visit(viewer).go("/components/")
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Components")).to_be_visible()
    expect(page.locator("nav:visible, button:visible")).to_have_count(0)


def test_g_and_a_letter_go_places(visit, viewer):
    page = visit(viewer).go("/components/")
    page.keyboard.type("gi")
    page.wait_for_url("**/incidents/")


def test_a_dialog_opens_holds_the_focus_and_gives_it_back(visit, viewer):
    page = visit(viewer).go("/components/")
    opener = page.get_by_role("link", name="Danger")
    opener.click()
    dialog = page.get_by_role("dialog", name="Retire this example?")
    expect(dialog.get_by_role("button", name="Retire")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_an_open_dialog_has_no_violations(visit, viewer):
    visitor = visit(viewer)
    visitor.go("/components/").get_by_role("link", name="Danger").click()
    assert visitor.look("dialog") == []


def test_a_confirmed_dialog_says_so_in_a_toast(visit, viewer):
    visitor = visit(viewer)
    page = visitor.go("/components/")
    page.get_by_role("link", name="Danger").click()
    page.get_by_role("button", name="Retire").click()
    toast = page.get_by_text("This is a toast.")
    expect(toast).to_be_visible()
    assert visitor.look("toast") == []
    page.get_by_role("button", name="Dismiss").click()
    expect(toast).to_be_hidden()


def test_leaving_a_form_that_was_typed_into_asks_first(visit, viewer):
    page = visit(viewer).go("/components/")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_label("Name").first.press_sequentially("churn")
    page.get_by_role("link", name="Home").click()
    page.wait_for_url(lambda url: "components" not in url)
    assert asked == ["beforeunload"]


def test_without_scripts_the_page_reads_and_the_dangerous_asks(visit, viewer):
    page = visit(viewer, java_script_enabled=False).go("/components/")
    expect(page.get_by_role("img", name="Accuracy has fallen")).to_be_visible()
    page.get_by_role("link", name="Danger").click()
    expect(page.get_by_role("heading", name="Retire this example?")).to_be_visible()


def test_at_twice_the_size_nothing_scrolls_sideways(visit, viewer):
    visitor = visit(viewer, view=(720, 450, "light"))
    visitor.go("/components/")
    assert visitor.look("zoomed") == []


def test_everything_to_touch_is_large_enough(visit, viewer):
    page = visit(viewer, view=(390, 844, "light")).go("/components/")
    sizes = [part.bounding_box() for part in page.locator("button:visible, .button:visible, nav a:visible").all()]
    assert min(min(size["width"], size["height"]) for size in sizes) >= 24


def test_the_chart_keeps_its_place_for_the_interactive_one(visit, viewer):
    page = visit(viewer).go("/components/")
    box = page.locator(".chart-box").first.bounding_box()
    plot = page.locator(".chart-stretched").first.bounding_box()
    margins = plot["x"] - box["x"], plot["y"] - box["y"], box["height"] - plot["height"]
    assert margins == (56, 20, 52)
