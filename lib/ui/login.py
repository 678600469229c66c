"""Who may see the app: where login is configured, nobody but those on the allow-list."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec
from urllib.parse import urlsplit

import streamlit as st

from lib import settings as settings_file
from lib.errors import SettingsError
from lib.names import visible
from lib.settings import Access
from lib.ui.cards import escape, show_error
from lib.ui.turns import in_turn

OF_ALL_PROVIDERS = ("redirect_uri", "cookie_secret")
OF_EACH_PROVIDER = ("client_id", "client_secret", "server_metadata_url")
CALLBACK = "/oauth2callback"
# Who guesses it signs cookies for whomever they like.
COOKIE_SECRET_LENGTH = 32

Arguments = ParamSpec("Arguments")

# The secrets files that asked for login at any time since the process began.
_asked: set[Path] = set()


@dataclass(frozen=True)
class Standing:
    """Whether this session may see the app, and if not, what it is shown instead.

    `fault` is what is wrong with the configuration, `user` who is logged in, `refusal` why they
    are kept out, and `providers` where one can log in ("default" for the one without a name).
    """

    admitted: bool
    fault: SettingsError | None = None
    user: str | None = None
    refusal: str | None = None
    providers: tuple[str, ...] = ()


def standing() -> Standing:
    """How the session of this run stands; whatever is not as it should be keeps everybody out."""
    try:
        auth = _auth_section()
        if not _login_is_on(auth):
            return Standing(admitted=True)
        access = _checked(auth, settings_file.load().access)
    except SettingsError as error:
        return Standing(admitted=False, fault=error)
    if st.user.get("is_logged_in") is not True:
        return Standing(admitted=False, providers=_providers(auth or {}))
    return _judge(access, st.user.to_dict())


def fragment(body: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """As `st.fragment`, for whoever may still see the app.

    Streamlit runs a fragment by itself, without the frame that asks how the session stands.
    """

    @st.fragment
    @wraps(body)
    def guarded(*arguments: Arguments.args, **keywords: Arguments.kwargs) -> None:
        with in_turn():
            if not standing().admitted:
                st.rerun()
            body(*arguments, **keywords)

    return guarded


def _judge(access: Access, claims: Mapping[str, Any]) -> Standing:
    """How somebody stands who is logged in with these claims."""
    email = claims.get("email")
    if not isinstance(email, str) or not email:
        return Standing(
            admitted=False,
            user=str(claims.get("name") or claims.get("sub") or "somebody"),
            refusal="The login gave no e-mail address, so it cannot be told whether you have "
            "access.",
        )
    # Some providers write the truth value as text.
    if str(claims.get("email_verified", True)).lower() != "true":
        return Standing(
            admitted=False, user=email, refusal="This e-mail address has not been verified."
        )
    if not access.admits(email):
        return Standing(
            admitted=False, user=email, refusal="You have no access to this Concordance."
        )
    return Standing(admitted=True, user=email)


def show_login(standing: Standing) -> None:
    """What is shown in place of any page to a session that is not admitted."""
    st.title("Concordance")
    if standing.fault is not None:
        show_error(standing.fault)
    elif standing.user is not None:
        st.warning(
            f"You are logged in as {_literal(standing.user)}. Ask whoever runs it for access, or "
            "log in as somebody else.",
            title=standing.refusal,
            icon=":material/block:",
        )
        st.button("Log out", icon=":material/logout:", on_click=st.logout)
    else:
        st.markdown("Log in to see the library.")
        with st.container(horizontal=True):
            for provider in standing.providers:
                name = "" if provider == "default" else f" with {provider.title()}"
                st.button(
                    escape(f"Log in{name}"),
                    icon=":material/login:",
                    type="primary",
                    key=f"log-in-{provider}",
                    on_click=st.login,
                    args=(provider,),
                )


def show_log_out(standing: Standing) -> None:
    """A small button for whoever is logged in."""
    if standing.user is not None:
        st.button(
            "Log out",
            icon=":material/logout:",
            type="tertiary",
            help=_literal(standing.user),
            on_click=st.logout,
        )


def _literal(user: str) -> str:
    """An e-mail address or a name as code: as text the one would become a link."""
    return f"`{visible(user).replace('`', chr(39))}`"


def _auth_section() -> Mapping[str, Any] | None:
    """The section [auth] as Streamlit sees it; empty if it is there and is no section."""
    try:
        if not st.secrets.load_if_toml_exists() or "auth" not in st.secrets:
            return None
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"A file of secrets that Streamlit reads is not text: {error.reason}.", "Correct it."
        ) from None
    except OSError as error:
        raise SettingsError(
            f"A file of secrets that Streamlit reads cannot be read: {error.strerror}.",
            "It has to be a file that whoever runs Concordance may read.",
        ) from None
    section = st.secrets["auth"]
    return section if isinstance(section, Mapping) else {}


def _login_is_on(auth: Mapping[str, Any] | None) -> bool:
    """Whether anything asks for login; raises SettingsError if the secrets file no longer does.

    A file that is being replaced, or was lost, must not open the app to everybody.
    """
    path = settings_file.secrets_path()
    if auth is not None or settings_file.asks_for_login():
        _asked.add(path)
    elif path in _asked:
        raise SettingsError(
            f"{path.name} asked for a login when the app began, and no longer does.",
            "Write its sections [auth] and [access] again, or restart the app to go without login.",
        )
    return path in _asked


def _providers(auth: Mapping[str, Any]) -> tuple[str, ...]:
    """The names under which Streamlit can log in: "default" first if it has no name."""
    named = [key for key in auth if key != "client_kwargs" and isinstance(auth[key], Mapping)]
    unnamed = any(key in auth for key in OF_EACH_PROVIDER) or not named
    return tuple(dict.fromkeys([*(["default"] if unnamed else []), *named]))


def _checked(auth: Mapping[str, Any] | None, access: Access | None) -> Access:
    """The allow-list, if login can work and lets somebody in; raises SettingsError if not."""
    if auth is None:
        raise SettingsError(
            "Login is meant to be on, but Streamlit does not find the section [auth].",
            "Write [auth] in the file of [access] and start the app with --secrets.files set to "
            "that file, or remove both sections.",
        )
    if any(importlib.util.find_spec(package) is None for package in ("authlib", "httpx")):
        raise SettingsError(
            "Login needs the package Authlib, which is not installed.",
            "Run pip install -r requirements.txt.",
        )
    if st.get_option("server.trustedUserHeaders"):
        raise SettingsError(
            "server.trustedUserHeaders lets a request say who sends it, past the login.",
            "Remove it.",
        )
    _check_section(auth)
    if access is None or not (access.emails or access.domains):
        raise SettingsError(
            "Login is on, but nobody is allowed in.",
            'List emails or domains under [access]; domains = ["*"] lets in everybody who logs in.',
        )
    return access


def _check_section(auth: Mapping[str, Any]) -> None:
    """Raise SettingsError if a provider cannot be asked; the message holds names of keys alone."""
    for key in OF_ALL_PROVIDERS:
        _check_key(auth, "auth", key)
    if not urlsplit(auth["redirect_uri"]).path.endswith(CALLBACK):
        raise SettingsError(
            f"The setting auth.redirect_uri does not end in {CALLBACK}.",
            f"Write the app's address and {CALLBACK} after it.",
        )
    if len(auth["cookie_secret"]) < COOKIE_SECRET_LENGTH:
        raise SettingsError(
            f"The setting auth.cookie_secret has fewer than {COOKIE_SECRET_LENGTH} characters.",
            "Make one with: openssl rand -hex 32",
        )
    for provider in _providers(auth):
        named = isinstance(auth.get(provider), Mapping)
        section = auth[provider] if named else auth
        for key in OF_EACH_PROVIDER:
            _check_key(section, f"auth.{provider}" if named else "auth", key)
        if "_" in provider:
            raise SettingsError(
                f"The section auth.{provider} has an underscore in its name.",
                "Name it with letters and digits alone.",
            )


def _check_key(section: Mapping[str, Any], name: str, key: str) -> None:
    value = section.get(key)
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(
            f"The setting {name}.{key} is missing.", "docs/deploying.md shows a whole section."
        )
