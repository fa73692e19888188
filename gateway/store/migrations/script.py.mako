"""${message}. Runs before deploy / after deploy: say which.

Why it may: what the code of the version before, and of this one, makes of it.
There is no way back but a backup: letters in custody are not thrown away.
"""

import sqlalchemy as sa
from alembic import op

from gateway.store.types import UtcDateTime
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Change the tables."""
    ${upgrades if upgrades else "pass"}
