"""Who may see the app."""

from __future__ import annotations

import re

from pydantic import field_validator

from lib.settings.section import Section


class Access(Section):
    """Who may see the app after logging in: these e-mails, and all at these domains.

    The domain `*` is everybody who logs in. Case counts in no ASCII letter.
    """

    emails: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()

    @field_validator("emails")
    @classmethod
    def _check_emails(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        emails = tuple(_ascii_lower(value.strip()) for value in values)
        if not all(re.fullmatch(r"[^@\s]+@[^@\s]+", email) for email in emails):
            raise ValueError("one of them is not an e-mail address such as reader@example.org")
        return emails

    @field_validator("domains")
    @classmethod
    def _check_domains(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        domains = tuple(_ascii_lower(value.strip()).removeprefix("@") for value in values)
        if not all(domain == "*" or re.fullmatch(r"[^@*\s]+", domain) for domain in domains):
            raise ValueError('one of them is neither a domain such as example.org nor "*"')
        return domains

    def admits(self, email: str) -> bool:
        """Whether the owner of an e-mail address is let in; subdomains count as other domains."""
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
            return False
        folded = _ascii_lower(email)
        domain = folded.partition("@")[2]
        return folded in self.emails or domain in self.domains or "*" in self.domains


def _ascii_lower(text: str) -> str:
    """Lower case for ASCII alone: elsewhere it makes one address of two, as of K and the Kelvin."""
    return re.sub("[A-Z]", lambda letter: letter[0].lower(), text)
