"""The tables of a node's database. `migrations` makes them; a test compares the two.

Values that have a codec of their own stand as JSON text; what is searched for stands in columns. Times are milliseconds
of the node's clock (UNIX).
"""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text

METADATA: Final = MetaData()

HEX_ADDRESS: Final = 42
WORKER_NAME: Final = 64

owner = Table(
    "owner",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("deployment_hash", LargeBinary, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("checks", BigInteger, nullable=False),
)
"""One row: whose database this is, how often it was opened, and how often a write was tried that only tries."""

blocks = Table(
    "blocks",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("entry", Text, nullable=False),
)
"""The sequencer's journal."""

waiting = Table(
    "waiting",
    METADATA,
    Column("id", LargeBinary, primary_key=True),
    Column("sequence", BigInteger, nullable=False, unique=True),
    Column("item", Text, nullable=False),
)
"""Operations and orders that were accepted and stand in no block, with their consents, in the order of `sequence`."""

signers = Table(
    "signers",
    METADATA,
    Column("address", String(HEX_ADDRESS), primary_key=True),
    Column("word", Text, nullable=False),
)
"""What each signer has signed."""

fills = Table(
    "fills",
    METADATA,
    Column("key", LargeBinary, primary_key=True),
    Column("chain", Integer, nullable=False),
    Column("standing", String(16), nullable=False),
    Column("fill", Text, nullable=False),
)
"""The broker's books."""

submissions = Table(
    "submissions",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("chain", Integer, nullable=False),
    Column("account", String(HEX_ADDRESS), nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("is_refused", Boolean, nullable=False),
    Column("label", Text, nullable=False),
    Column("submission", Text, nullable=False),
)
"""What was sent to a chain and is not known to be mined, each with every version that was signed."""
Index("submissions_by_account", submissions.c.chain, submissions.c.account)

relays = Table(
    "relays",
    METADATA,
    Column("id", LargeBinary, primary_key=True),
    Column("standing", String(16), nullable=False),
    Column("taken_at", BigInteger, nullable=False),
    Column("relay", Text, nullable=False),
)
"""Signed orders that the relayer has taken; times are their chain's UNIX seconds."""
Index("relays_by_standing", relays.c.standing, relays.c.taken_at)

proof_jobs = Table(
    "proof_jobs",
    METADATA,
    Column("id", LargeBinary, primary_key=True),
    Column("block", BigInteger, nullable=False),
    Column("lane", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("worker", String(WORKER_NAME), nullable=False),
    Column("lease_until_ms", BigInteger, nullable=False),
    Column("proof", Text),
    Column("result_hash", LargeBinary),
    Column("witness_seconds", Float, nullable=False),
    Column("proof_seconds", Float, nullable=False),
)
"""Proofs that are wanted, leased and made."""
Index("proof_jobs_by_block", proof_jobs.c.block)

history_transfers = Table(
    "history_transfers",
    METADATA,
    Column("chain", Integer, primary_key=True, autoincrement=False),
    Column("request", BigInteger, primary_key=True, autoincrement=False),
    Column("tx_hash", LargeBinary, nullable=False),
    Column("payout_key", LargeBinary),
    Column("record", Text, nullable=False),
)
"""Confirmed swaps, without their receipts."""
Index("history_transfers_by_hash", history_transfers.c.tx_hash)
Index("history_transfers_by_payout", history_transfers.c.payout_key)

history_addresses = Table(
    "history_addresses",
    METADATA,
    Column("address", LargeBinary, primary_key=True),
    Column("queued_at", BigInteger, primary_key=True, autoincrement=False),
    Column("chain", Integer, primary_key=True, autoincrement=False),
    Column("request", BigInteger, primary_key=True, autoincrement=False),
)
"""Who is paid by a swap, and to whom it is refunded."""
Index("history_addresses_by_request", history_addresses.c.chain, history_addresses.c.request)

history_receipts = Table(
    "history_receipts",
    METADATA,
    Column("name", LargeBinary, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("l1_block", BigInteger, nullable=False),
    Column("receipt", Text, nullable=False),
)
"""What chains showed of money, by the key of the payout, or by the request that was cancelled."""

history_blocks = Table(
    "history_blocks",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("entry", Text, nullable=False),
)
"""Sealed blocks, as they are told."""

history_operations = Table(
    "history_operations",
    METADATA,
    Column("id", LargeBinary, primary_key=True),
    Column("place", BigInteger, nullable=False, unique=True),
    Column("account", BigInteger),
    Column("entry", Text, nullable=False),
)
"""Signed operations, orders and matches, in the order in which they were first seen."""
Index("history_operations_by_account", history_operations.c.account, history_operations.c.place)

history_chains = Table(
    "history_chains",
    METADATA,
    Column("chain", Integer, primary_key=True, autoincrement=False),
    Column("accepted", BigInteger, nullable=False),
    Column("executed", BigInteger, nullable=False),
)
"""How far each chain was when it was last asked."""

checkpoints = Table(
    "checkpoints",
    METADATA,
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
"""States after settled blocks, in parts; the digest is of all parts of a block together, and stands with each."""
