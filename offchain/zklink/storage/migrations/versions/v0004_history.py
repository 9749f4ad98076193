"""What has happened: swaps, receipts, blocks and operations, as they are told."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDICES = {
    "history_transfers_by_hash": ("history_transfers", ["tx_hash"]),
    "history_transfers_by_payout": ("history_transfers", ["payout_key"]),
    "history_addresses_by_request": ("history_addresses", ["chain", "request"]),
    "history_operations_by_account": ("history_operations", ["account", "place"]),
}


def upgrade() -> None:
    _create_transfers()
    op.create_table(
        "history_blocks",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "history_operations",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.BigInteger()),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("place"),
    )
    op.create_table(
        "history_chains",
        sa.Column("chain", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("executed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain"),
    )
    for name, (table, columns) in INDICES.items():
        op.create_index(name, table, columns)


def _create_transfers() -> None:
    op.create_table(
        "history_transfers",
        sa.Column("chain", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("request", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=False),
        sa.Column("payout_key", sa.LargeBinary()),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "request"),
    )
    op.create_table(
        "history_addresses",
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("queued_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chain", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("request", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("address", "queued_at", "chain", "request"),
    )
    op.create_table(
        "history_receipts",
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("l1_block", sa.BigInteger(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", "digest"),
    )


def downgrade() -> None:
    for name, (table, _) in INDICES.items():
        op.drop_index(name, table_name=table)
    for name in ("chains", "operations", "blocks", "receipts", "addresses", "transfers"):
        op.drop_table(f"history_{name}")
