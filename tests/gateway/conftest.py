"""Tokens: SoftHSM reads once per process where they are kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles import token
from tests.doubles.token import SoftToken


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which SoftHSM keeps the tokens of this process."""
    folder = tmp_path_factory.mktemp("softhsm")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(token.CONFIGURED_BY, "")
        token.tokens_in(folder)
        yield folder


@pytest.fixture
def soft_token(tokens: Path, tmp_path: Path) -> SoftToken:
    """A token of the test's own."""
    # Its name, at most 32 characters, is the token's in the whole process.
    return token.new_token(f"hub-{len(list((tokens / 'tokens').iterdir()))}", tmp_path)
