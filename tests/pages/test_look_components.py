def test_the_components_page_shows_every_state(client, viewer, settings):
    client.force_login(viewer)
    page = client.get("/components/").content.decode()
    for word in ["Failing", "Degraded", "Unknown", "Not monitored", "Healthy", "SEV 1", "nobody", "no data", "late"]:
        assert word in page


def test_a_wrong_form_keeps_what_was_typed(client, viewer):
    client.force_login(viewer)
    page = client.post("/components/", {"purpose": "Keeps what was typed"}).content.decode()
    assert "Keeps what was typed" in page
    assert "Nothing was saved yet" in page


def test_the_danger_button_leads_to_a_page_that_asks(client, viewer):
    client.force_login(viewer)
    assert "Retire this example?" in client.get("/components/?confirm=yes").content.decode()


def test_who_is_not_signed_in_is_sent_to_sign_in(client, db):
    assert client.get("/components/").headers["Location"].startswith("/accounts/login/")
