"""What only a token can do wrong."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pkcs11
import pytest

from gateway.bootstrap import begin_key, init, open_hub
from gateway.config import Settings, SettingsError, load
from gateway.domain.act import Order, Who
from gateway.keys.change import KeyInOrder, first_key
from gateway.keys.holder import SignerUnavailable, in_use
from gateway.keys.signing import CurrentSigner
from gateway.keys.token import Token, TokenAddress, TokenHolder
from tests.doubles.token import MODULES, PIN, SoftToken, module

NOW = datetime(2026, 11, 21, tzinfo=UTC)
WHOLE = "pkcs11:token=T;object=hub?module-path=/m.so&pin-source=file:/pin"


def holder(token: SoftToken, certificate: Path, label: str = "hub") -> TokenHolder:
    address = TokenAddress.parse(token.uri(label))
    return TokenHolder(Token(address), certificate)


def test_an_address_is_read() -> None:
    uri = (
        "pkcs11:token=%E0%B8%81%20b;object=hub;serial=01"
        "?pin-source=/run/pin&module-path=/usr/lib/m.so"
    )

    assert TokenAddress.parse(uri) == TokenAddress(
        "ก b", "hub", Path("/usr/lib/m.so"), Path("/run/pin"), "01"
    )


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        (WHOLE.replace("token=T;", ""), "token="),
        (WHOLE.replace("object=hub", "object="), "object="),
        (WHOLE.replace("module-path=/m.so&", ""), "module-path="),
        (WHOLE.partition("&")[0], "pin-source="),
        (WHOLE + "&pin-value=1234", "PIN does not stand in a setting"),
        (WHOLE.replace("object", "slot-id=1;object"), "slot-id"),
        (WHOLE.replace("object", "token=U;object"), "repeated"),
    ],
)
def test_an_address_that_is_not_whole_is_said(uri: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why) as refused:
        TokenAddress.parse(uri)
    assert "1234" not in str(refused.value)


def test_without_the_library_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    token = TokenHolder(Token(TokenAddress.parse(WHOLE)), tmp_path / "hub.crt")

    with pytest.raises(SettingsError, match=r"pip install .*\[token\]"):
        token.waiting([])


def test_without_the_module_of_its_maker_it_says_so(tmp_path: Path) -> None:
    pin = tmp_path / "pin"
    pin.write_text("1234")
    pin.chmod(0o600)
    address = TokenAddress("T", "hub", tmp_path / "missing.so", pin)

    with pytest.raises(SettingsError, match="module-path"):
        TokenHolder(Token(address), tmp_path / "hub.crt").waiting([])


@pytest.mark.softhsm
class TestOnAToken:
    """With a real one."""

    def test_a_private_key_cannot_be_read(
        self, soft_token: SoftToken, tmp_path: Path
    ) -> None:
        token = holder(soft_token, tmp_path / "hub.crt")
        first_key(token, NOW)

        def read(session: pkcs11.Session) -> None:
            key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY)
            assert key[pkcs11.Attribute.EXTRACTABLE] is False
            with pytest.raises(pkcs11.AttributeSensitive):
                key[pkcs11.Attribute.VALUE]

        token.token.ask(read)

    def test_a_wrong_pin_is_said_and_not_tried_again(
        self, soft_token: SoftToken, tmp_path: Path
    ) -> None:
        """SoftHSM never locks, so it is counted whether the token is asked."""
        soft_token.pin.write_text("0000")
        wrong = holder(soft_token, tmp_path / "hub.crt")
        with pytest.raises(SettingsError, match="refuses the PIN"):
            wrong.waiting([])
        # The right one on the token now is still the wrong one in the file.
        wrong.token.address = TokenAddress("gone", "hub", MODULES[0], soft_token.pin)
        with pytest.raises(SettingsError, match="refuses the PIN"):
            wrong.waiting([])

        soft_token.pin.write_text(PIN)
        wrong.token.address = TokenAddress.parse(soft_token.uri())
        assert wrong.waiting([]) is None

    def test_a_pin_that_others_may_read_is_not_used(
        self, soft_token: SoftToken, tmp_path: Path
    ) -> None:
        soft_token.pin.chmod(0o644)

        with pytest.raises(SettingsError, match="chmod 600"):
            holder(soft_token, tmp_path / "hub.crt").waiting([])

    def test_a_token_that_is_not_there_may_come_back(
        self, soft_token: SoftToken, tmp_path: Path
    ) -> None:
        first_key(holder(soft_token, tmp_path / "hub.crt"), NOW)
        away = holder(soft_token, tmp_path / "hub.crt")
        away.token.address = TokenAddress(
            "nobody-has-it", "hub", module(), soft_token.pin
        )

        with pytest.raises(SignerUnavailable) as refused:
            CurrentSigner(away)
        assert refused.value.temporary
        away.token.address = TokenAddress.parse(soft_token.uri())
        assert CurrentSigner(away).sign_bytes(b"back")

    # The library complains of the session that broke when it forgets it.
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_a_session_that_broke_is_opened_again(
        self, soft_token: SoftToken, tmp_path: Path
    ) -> None:
        token = holder(soft_token, tmp_path / "hub.crt")
        first_key(token, NOW)
        signer = CurrentSigner(token)
        pkcs11.lib(str(module())).reinitialize()

        assert signer.sign_bytes(b"again")

    def test_a_key_that_was_removed_is_waited_for(
        self, soft_token: SoftToken, tmp_path: Path
    ) -> None:
        token = holder(soft_token, tmp_path / "hub.crt")
        first_key(token, NOW)
        signer = CurrentSigner(token)
        certificate, _ = in_use(token)
        token.settle(certificate.public_key, drop=[])
        other = holder(soft_token, tmp_path / "other.crt").make().public_key
        token.settle(other, drop=[certificate.public_key])

        with pytest.raises(SignerUnavailable):
            signer.sign_bytes(b"gone")

    def test_keys_of_another_label_are_left_alone(
        self, soft_token: SoftToken, tmp_path: Path
    ) -> None:
        hub = holder(soft_token, tmp_path / "hub.crt")
        other = holder(soft_token, tmp_path / "other.crt", label="other")
        first_key(hub, NOW)

        assert other.waiting([]) is None
        made = other.make().public_key
        assert hub.waiting([in_use(hub)[0].public_key]) is None
        hub.settle(in_use(hub)[0].public_key, drop=[made])
        assert other.waiting([]) is not None

    def test_two_that_wait_are_no_choice_of_ours(
        self, soft_token: SoftToken, tmp_path: Path
    ) -> None:
        token = holder(soft_token, tmp_path / "hub.crt")
        token.make()
        token.make()

        with pytest.raises(SettingsError, match="several keys wait"):
            token.waiting([])

    async def test_a_hub_moves_to_a_token(
        self, soft_token: SoftToken, tmp_path: Path
    ) -> None:
        data = tmp_path / "hub"
        await init(load(data), demo=False)
        moved = load(data, signing_key=soft_token.uri())
        with pytest.raises(SettingsError, match="gateway keys begin"):
            await only_opened(moved)
        order = Order("keys begin", Who("root", "สมชาย"), "ย้าย")

        await begin_key(moved, order)

        async with open_hub(moved) as hub:
            newest, oldest = await hub.store.hub_certificates()
            signer = hub.work.signer
            assert signer.certificate.fingerprint == newest.fingerprint
            assert oldest.in_use_until is not None
            assert signer.sign_bytes(b"on the token")
        with pytest.raises(KeyInOrder):
            await begin_key(moved, order)


async def only_opened(settings: Settings) -> None:
    async with open_hub(settings):
        pass


@pytest.mark.parametrize("content", [None, b"", b"broken"])
async def test_a_hub_that_lost_its_certificate_gets_the_same(
    tmp_path: Path, content: bytes | None
) -> None:
    settings = load(tmp_path / "hub")
    await init(settings, demo=False)
    file = tmp_path / "hub/keys/hub.crt"
    kept = file.read_bytes()
    file.unlink()
    if content is not None:
        file.write_bytes(content)

    await begin_key(settings, Order("keys begin", Who("root", "สมชาย"), "หาย"))

    assert file.read_bytes() == kept
    async with open_hub(settings) as hub:
        assert len(await hub.store.hub_certificates()) == 1


async def test_a_hub_that_lost_its_key_gets_another(tmp_path: Path) -> None:
    settings = load(tmp_path / "hub")
    await init(settings, demo=False)
    key = tmp_path / "hub/keys/hub.key"
    kept = key.read_bytes()
    order = Order("keys begin", Who("root", "สมชาย"), "หาย")

    key.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        await begin_key(settings, order)
    assert key.read_bytes() == kept, "what may be mended is left alone"

    key.unlink()
    await begin_key(settings, order)
    async with open_hub(settings) as hub:
        assert len(await hub.store.hub_certificates()) == 2
        [act, _] = await hub.store.views.acts(None, limit=9)
    assert (act.what, act.who.name, act.why) == ("keys begin", "สมชาย", "หาย")
    assert [file.name for file in sorted(key.parent.iterdir())] == [
        "hub.crt",
        "hub.key",
    ]
