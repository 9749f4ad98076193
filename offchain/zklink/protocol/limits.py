"""The limits of one call: the lengths of the lists and byte strings that the contracts of a chain take.

Contracts get these numbers through `zklink generate`. Interfaces, which import nothing, repeat them; a test
compares. A bound costs gas in every call, so each is as small as a block of the biggest preset allows.
"""

from typing import Final

from zklink.protocol import ids
from zklink.protocol.messages import SIGNATURE_BYTES
from zklink.protocol.words import ACCOUNT_REQUEST_WORDS

MAX_BLOCKS: Final = 16
"""Blocks that one call accepts or imports, and proofs that a verifier takes at once."""

MAX_CALL_WORDS: Final = 4_096
"""Words of all blocks of one call: eight full blocks of the biggest preset."""

MAX_WORDS_BYTES: Final = 32 * MAX_CALL_WORDS

MAX_CONSENTS: Final = 64
"""Key changes in the blocks of one call."""

MAX_CONSENTS_BYTES: Final = MAX_CONSENTS * SIGNATURE_BYTES

MAX_CLAIMS: Final = MAX_BLOCKS * ids.MAX_CHAINS * 2
"""A hash and an evaluation for each slice but the own one."""

MAX_LATER: Final = 256
"""Commitments of blocks between the last one of a call and the one that its fact names."""

MAX_QUEUES: Final = (ids.MAX_CHAINS - 1) * len(ids.Lane)
"""Queues of members that one QUE names."""

MAX_SIGNERS: Final = 16
"""Validators, and watchers, of a deployment."""

MAX_EVIDENCE_BYTES: Final = MAX_SIGNERS * SIGNATURE_BYTES

MAX_PAYOUT_WORDS: Final = 384
"""Words of the payouts of one block on one chain."""

MAX_CANCEL_WORDS: Final = 160
"""Words of the requests that one call cancels: 32 swaps, or 40 requests of the account lane."""

MAX_CANCELLED_REQUESTS: Final = MAX_CANCEL_WORDS // ACCOUNT_REQUEST_WORDS

CANCEL_BATCH: Final = 16
"""Requests that a driver of exodus cancels in one call: each refund may burn a push's gas."""
