from playwright.sync_api import expect


def test_the_documentation_of_the_api_is_drawn_under_the_strict_policy(visit, viewer):
    visitor = visit(viewer)
    page = visitor.go("/api/docs/")
    expect(page.get_by_role("heading", name="MLOps Portal")).to_be_visible(timeout=30_000)
    page.locator(".opblock-tag", has_text="systems").click()
    page.locator("#operations-systems-systems_retrieve").click()
    expect(page.get_by_text("There is no such thing, or you may not see it.").first).to_be_visible()
    visitor._keep_picture("api-docs")
    assert visitor.complaints == []
