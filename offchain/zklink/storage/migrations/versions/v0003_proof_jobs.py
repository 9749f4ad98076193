"""Proofs that are wanted, leased and made."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proof_jobs",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(64), nullable=False),
        sa.Column("lease_until_ms", sa.BigInteger(), nullable=False),
        sa.Column("proof", sa.Text()),
        sa.Column("result_hash", sa.LargeBinary()),
        sa.Column("witness_seconds", sa.Float(), nullable=False),
        sa.Column("proof_seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("proof_jobs_by_block", "proof_jobs", ["block"])


def downgrade() -> None:
    op.drop_index("proof_jobs_by_block", table_name="proof_jobs")
    op.drop_table("proof_jobs")
