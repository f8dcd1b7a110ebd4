import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.urls import NoReverseMatch, reverse

from tests.factories import PASSWORD

NEW = "another-long-password"


def test_signing_in_leads_home_without_a_toast(client, viewer):
    response = client.post("/accounts/login/", {"login": "viewer", "password": PASSWORD})
    assert response.headers["Location"] == "/"
    assert 'class="toast ' not in client.get("/components/").content.decode()


def test_a_wrong_password_is_said_above_the_form(client, viewer):
    page = client.post("/accounts/login/", {"login": "viewer", "password": "wrong"}).content.decode()
    assert 'class="form-errors" role="alert"' in page
    assert 'value="viewer"' in page


@pytest.mark.parametrize(
    "route", ["account_signup", "account_email", "account_reset_password", "account_reauthenticate"]
)
def test_what_is_not_offered_has_no_address(route):
    with pytest.raises(NoReverseMatch):
        reverse(route)


def test_signing_out_asks_first_and_ends_the_session(client, viewer):
    client.force_login(viewer)
    assert "You are signed in as" in client.get("/accounts/logout/").content.decode()
    client.post("/accounts/logout/")
    assert client.get("/components/").status_code == 302


def test_a_password_is_changed_by_who_knows_it(client, viewer):
    client.force_login(viewer)
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    page = client.post("/accounts/password/change/", form, follow=True).content.decode()
    viewer.refresh_from_db()
    assert viewer.check_password(NEW)
    assert "toast-success" in page


def test_who_has_no_password_is_led_to_choose_one(client, viewer):
    viewer.set_unusable_password()
    viewer.save()
    client.force_login(viewer)
    page = client.get("/accounts/password/change/", follow=True).content.decode()
    assert "Choose a password" in page


def test_a_link_from_an_administrator_sets_a_password_once(client, viewer):
    key = default_token_generator.make_token(viewer)
    link = reverse("account_reset_password_from_key", args=[user_pk_to_url_str(viewer), key])
    form_address = client.get(link).headers["Location"]
    assert "Choose a new password" in client.get(form_address).content.decode()
    done = client.post(form_address, {"password1": NEW, "password2": NEW}, follow=True).content.decode()
    assert "Your password is changed" in done
    assert "used already or is too old" in client.get(link).content.decode()


def test_an_account_that_is_switched_off_is_told_nothing_more(client, viewer):
    assert "This account is switched off" in client.get("/accounts/inactive/").content.decode()
