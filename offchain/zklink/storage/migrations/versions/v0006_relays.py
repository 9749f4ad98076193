"""The relayer's books."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "relays",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("standing", sa.String(16), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("relay", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("relays_by_standing", "relays", ["standing", "taken_at"])


def downgrade() -> None:
    op.drop_index("relays_by_standing", "relays")
    op.drop_table("relays")
