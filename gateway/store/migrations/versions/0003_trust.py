"""Access, secrecy, certificates, receipts and sealed acts. Runs before deploy.

Every new column is empty or has a default, and a seal leaves out what is empty: no
row is written anew, no seal is broken, and the code of the version before goes on
working on the new tables until it is replaced. Certificates that are there speak in
letters, as they did.
"""

import sqlalchemy as sa
from alembic import op

from gateway.store.types import UtcDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add what is new."""
    op.create_table(
        "act",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("organization", sa.String(), nullable=True),
        sa.Column("consignment_id", sa.Uuid(), nullable=True),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("hidden", sa.LargeBinary(), nullable=True),
        sa.Column("batch", sa.Integer(), nullable=True),
        sa.Column("seal", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("act_batch_of", "act", ["batch"], unique=False)
    op.create_index("act_newest", "act", ["at", "id"], unique=False)

    op.create_table(
        "batch",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sealed_at", UtcDateTime(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("acts", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "hub_certificate",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=False),
        sa.Column("not_after", UtcDateTime(), nullable=False),
        sa.Column("in_use_from", UtcDateTime(), nullable=False),
        sa.Column("in_use_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("fingerprint"),
    )
    op.create_table(
        "letter_key",
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped_by", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("letter_id"),
    )
    op.create_table(
        "access",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization"],
            ["organization.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_access_organization", "access", ["organization"], unique=False)

    op.create_table(
        "person",
        sa.Column("organization", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("secret_registrar", sa.Boolean(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization"],
            ["organization.code"],
        ),
        sa.PrimaryKeyConstraint("organization", "name"),
    )
    op.create_table(
        "signed_receipt",
        sa.Column("about", sa.Uuid(), nullable=False),
        sa.Column("consignment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("certificate", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consignment_id"],
            ["consignment.id"],
        ),
        sa.PrimaryKeyConstraint("about"),
    )
    op.create_index(
        "ix_signed_receipt_consignment_id",
        "signed_receipt",
        ["consignment_id"],
        unique=False,
    )

    op.add_column(
        "certificate",
        sa.Column("purposes", sa.String(), nullable=False, server_default="signature"),
    )
    op.add_column("certificate", sa.Column("revoked_at", UtcDateTime(), nullable=True))
    op.add_column(
        "certificate",
        sa.Column("revoked_why", sa.String(), nullable=False, server_default=""),
    )

    op.add_column("consignment", sa.Column("intact", sa.Boolean(), nullable=True))
    op.add_column("consignment", sa.Column("valid", sa.Boolean(), nullable=True))
    op.add_column("consignment", sa.Column("trusted", sa.Boolean(), nullable=True))
    op.add_column("consignment", sa.Column("reasons", sa.String(), nullable=True))
    op.add_column("consignment", sa.Column("certificate", sa.String(), nullable=True))
    op.add_column("consignment", sa.Column("algorithm", sa.String(), nullable=True))
    op.add_column("consignment", sa.Column("hidden", sa.LargeBinary(), nullable=True))

    op.add_column("envelope", sa.Column("letter_key", sa.Uuid(), nullable=True))

    op.add_column("file", sa.Column("letter_key", sa.Uuid(), nullable=True))

    op.add_column("journal", sa.Column("hidden", sa.LargeBinary(), nullable=True))
    op.add_column("journal", sa.Column("batch", sa.Integer(), nullable=True))
    op.create_index("journal_batch_of", "journal", ["batch"], unique=False)

    op.add_column("letter", sa.Column("hidden", sa.LargeBinary(), nullable=True))

    op.add_column(
        "organization",
        sa.Column("secrecy", sa.String(), nullable=False, server_default=""),
    )
    op.add_column(
        "organization",
        sa.Column(
            "weak_signatures", sa.Boolean(), nullable=False, server_default=sa.false()
        ),
    )

    op.add_column("registration", sa.Column("hidden", sa.LargeBinary(), nullable=True))
