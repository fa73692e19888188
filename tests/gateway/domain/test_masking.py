import base64

import pytest

from gateway.domain.access import digest_of, secret_of
from gateway.domain.masking import Masks

SECRET = secret_of(2**129 + 12345)
PASSWORD = "เปิดประตู-7"
BASIC = base64.b64encode(f"node:{PASSWORD}".encode()).decode()
KNOWING = Masks(frozenset({digest_of(SECRET)}), (("node", PASSWORD), ("node", "")))


@pytest.mark.parametrize(
    ("shown", "covered"),
    [
        (f"/ecms/1500200050/key-{SECRET}/x", f"/ecms/1500200050/key-{'*' * 26}/x"),
        ("/ecms/1500200050/KEY-abc/x", "/ecms/1500200050/KEY-***/x"),
        ("http://me:pass@host/", "http://*******@host/"),
        ("<wsse:Password Type='a'>sesame</wsse:Password>", None),
        ("<Token>abcdef</Token >", "<Token>******</Token >"),
        ("<Subject>sesame</Subject>", "<Subject>sesame</Subject>"),
        ("http://host/a:b/c@d", "http://host/a:b/c@d"),
    ],
)
def test_secrets_show_by_their_form(shown: str, covered: str | None) -> None:
    """A secret nobody has entered is covered too, and its place keeps its length."""
    said = Masks().cover(shown.encode()).decode()

    assert len(said) == len(shown)
    if covered is None:
        assert "sesame" not in said
    else:
        assert said == covered


@pytest.mark.parametrize("around", ["{}", "key={};", "<a>{}</a>", '"{}"'])
@pytest.mark.parametrize("secret", [SECRET, SECRET.upper(), PASSWORD, BASIC])
def test_secrets_of_ours_are_covered_wherever_they_stand(
    around: str, secret: str
) -> None:
    """What the hub knows by its digest, or shows to endpoints, is found anywhere."""
    said = KNOWING.cover_known(around.format(secret).encode())

    assert said.decode() == around.format("*" * len(secret.encode()))


def test_other_words_stay() -> None:
    """A word of the same length that is no secret is no secret."""
    other = secret_of(7)

    assert KNOWING.cover(other.encode()) == other.encode()


def test_headers_show_no_credentials() -> None:
    """Cookies and tokens are covered by their names, queries of addresses too."""
    headers = {
        "Set-Cookie": "id=1",
        "WWW-Authenticate": "Basic",
        "X-Api-Key": "k",
        "Location": "https://host/a?token=1",
        "Content-Type": "text/xml",
        "X-Echo": PASSWORD,
    }

    assert KNOWING.cover_headers(headers) == {
        "Set-Cookie": "****",
        "WWW-Authenticate": "*****",
        "X-Api-Key": "*",
        "Location": "https://host/a?*******",
        "Content-Type": "text/xml",
        "X-Echo": "*" * len(PASSWORD.encode()),
    }
