"""What the program's own accounts hold.

Each begins with a tag of its own and has an exact size, so that none is taken for another. The bridge is one for each
program. `mark` is the bridge's: the hash of the slot before it was made, which no code that was there before can have
written. Amounts are layer-2 units, times UNIX seconds, fees lamports (which are the gwei of the protocol's words).
"""

from typing import Final

from zklink.protocol.ids import MAX_OPEN_ACCOUNT_REQUESTS, MAX_OPEN_SWAPS, SLICE_COUNT
from zklink.protocol.limits import MAX_PAYOUT_WORDS, MAX_SIGNERS
from zklink.protocol.words import ACCOUNT_REQUEST_WORDS, PAYOUT_WORDS, SWAP_REQUEST_WORDS
from zklink.solana.interface.codec import KEY, SIGNER, WORD, Field, Layout

BRIDGE_TAG: Final = 0x31474452425A4B
TOKEN_TAG: Final = 0x314E4B4F545A4B
MINT_TAG: Final = 0x31544E494D5A4B
KEYS_TAG: Final = 0x3153595E4B5A4B
BLOCK_TAG: Final = 0x314B434C425A4B
FILL_TAG: Final = 0x314C4C49465A4B
QUEUE_TAG: Final = 0x31455545555A4B
PATH_TAG: Final = 0x31485441505A4B
EXIT_TAG: Final = 0x31544958455A4B

PRICE_KINDS: Final = 13
"""Kinds of prices count from 1, as in the registry: 1..8 a swap to that chain, 9 deposit, 10 key request, 11 full exit,
12 what a crowded full exit burns first; place 0 is empty.
"""

MAX_PAYOUTS: Final = MAX_PAYOUT_WORDS // PAYOUT_WORDS
"""Payouts of one block on one chain."""

BLOCK_WORDS: Final = 13
"""Words of a block's head, the struct `Block` of the ABI: lane, timestamp, counts, new root, commitment, proof."""

WRITING: Final = 1
IMPORTED: Final = 2
EXECUTED: Final = 3
"""Stages of a block's account: being written; imported, its payouts not yet in the books; these are owed."""

BLOCK_PLACES: Final = 64
"""Blocks of which the bridge says from which account they were imported: the newest ones."""

SWAP_ENTRIES: Final = MAX_OPEN_SWAPS + 1
ACCOUNT_ENTRIES: Final = MAX_OPEN_ACCOUNT_REQUESTS + 1
"""Places of the rings: the hash before the oldest open request must survive, so one more than may be open. Request i
stands at place i modulo that.
"""

SWAP_ENTRY: Final = Layout("swap_entry", Field("hash", KEY), Field("words", WORD, SWAP_REQUEST_WORDS))
"""A place of the swap queue: the queue's hash after the request, and its words."""

ACCOUNT_ENTRY: Final = Layout("account_entry", Field("hash", KEY), Field("words", WORD, ACCOUNT_REQUEST_WORDS))
"""A place of the account queue."""

QUEUE_HEAD: Final = Layout("queue_head", Field("tag", "u64"), Field("lane", "u64"))
"""The head of either queue's account; the ring follows it."""

SWAP_QUEUE_SIZE: Final = QUEUE_HEAD.size + SWAP_ENTRIES * SWAP_ENTRY.size
ACCOUNT_QUEUE_SIZE: Final = QUEUE_HEAD.size + ACCOUNT_ENTRIES * ACCOUNT_ENTRY.size

BRIDGE: Final = Layout(
    "bridge",
    Field("tag", "u64"),
    Field("mark", KEY),
    # the deployment
    Field("chain", "u64"),
    Field("primary", "u64"),
    Field("chain_mask", "u64"),
    Field("formats", "u64"),
    Field("token_limit", "u64"),
    Field("account_limit", "u64"),
    Field("governor", KEY),
    Field("fee_recipient", KEY),
    Field("sol", KEY),
    Field("swap_queue", KEY),
    Field("account_queue", KEY),
    Field("keys", KEY),
    Field("bridges", KEY, SLICE_COUNT),
    Field("deployment_hash", KEY),
    Field("swap_domain", WORD),
    Field("account_domain", WORD),
    Field("exit_domain", WORD),
    Field("vk_hashes", KEY, 3),
    # the tip
    Field("number", "u64"),
    Field("timestamp", "u64"),
    Field("unpaid", "u64"),
    Field("has_end", "u64"),
    Field("root", WORD),
    Field("sync_hash", KEY),
    # queues, by lane
    Field("totals", "u64", 2),
    Field("consumed", "u64", 2),
    Field("open_fees", "u64", 2),
    Field("queue_hashes", KEY, 2),
    # the doors
    Field("frozen_at", "u64"),
    Field("earned_fees", "u64"),
    Field("prices", "u64", PRICE_KINDS),
    Field("next_prices", "u64", PRICE_KINDS),
    Field("prices_from", "u64", PRICE_KINDS),
    # groups: validators, watchers
    Field("group_counts", "u64", 2),
    Field("group_thresholds", "u64", 2),
    Field("validators", SIGNER, MAX_SIGNERS),
    Field("watchers", SIGNER, MAX_SIGNERS),
    Field("coming_group", "u64"),
    Field("coming_count", "u64"),
    Field("coming_threshold", "u64"),
    Field("announced_at", "u64"),
    Field("announced_in", "u64"),
    Field("removed_at", "u64", 2),
    Field("removed_in", "u64", 2),
    Field("coming_members", SIGNER, MAX_SIGNERS),
    # the end: freezes that are called, by lane; the contest about END; exodus
    Field("slots_per_day", "u64"),
    Field("freeze_requests", "u64", 2),
    Field("freeze_at", "u64", 2),
    Field("freeze_in", "u64", 2),
    Field("end_word", "u64"),
    Field("end_round", "u64"),
    Field("end_number", "u64"),
    Field("end_at", "u64"),
    Field("end_in", "u64"),
    Field("end_denied_by_validators", "u64"),
    Field("end_denied_by_governor", "u64"),
    Field("end_hash", KEY),
    Field("exit_root", WORD),
    Field("cancelled_swaps", "u64", SWAP_ENTRIES // 64 + 1),
    Field("cancelled_requests", "u64", ACCOUNT_ENTRIES // 64 + 1),
    Field("returned_swap_fees", "u64", SWAP_ENTRIES // 64 + 1),
    Field("returned_request_fees", "u64", ACCOUNT_ENTRIES // 64 + 1),
    Field("imported_from", KEY, BLOCK_PLACES),
)
"""`formats` has the address format of chain k in byte k, `chain_mask` bit k for each chain. `number` to `sync_hash` are
the tip; `queue_hashes` are those after the last request of each lane. `.._at` are UNIX seconds, `.._in` slots. Of the
groups' lists the first places are members, as many as the counts say; `coming_group` is 0 unless an announcement waits;
`removed_at` is 0 for a group of which nobody was removed. The end that is said is that of `end_round`; it stands when
`has_end` does. `exit_root` is zero before exodus. A bit of `cancelled_..` stands for a place of the ring whose amount
exodus has refunded, one of `returned_..` for the fee. `imported_from` has the account of block n at place n modulo
BLOCK_PLACES, so that it is found whoever has brought it, without the history that nodes drop and strangers fill.
"""

TOKEN: Final = Layout(
    "token",
    Field("tag", "u64"),
    Field("mark", KEY),
    Field("id", "u64"),
    Field("chains", "u64"),
    Field("decimals", "u64"),
    Field("scale", "u64"),
    Field("minimum", "u64"),
    Field("cap", "u64"),
    Field("is_paused", "u64"),
    Field("custody", "u64"),
    Field("owed", "u64"),
    Field("mint", KEY),
    Field("vault", KEY),
    Field("program", KEY),
)
"""A token of the layer 2. One that is not on this chain has no mint. SOL has the native mint, the vault `sol` and the
system program. `owed` is what executed blocks owe and have not paid, in layer-2 units as `custody`.
"""

MINT: Final = Layout("mint", Field("tag", "u64"), Field("id", "u64"))
"""Which token a mint is: one id for each mint."""

BLOCK: Final = Layout(
    "block",
    Field("tag", "u64"),
    Field("mark", KEY),
    Field("stage", "u64"),
    Field("number", "u64"),
    Field("writer", KEY),
    Field("later", "u64"),
    Field("validators", "u64"),
    Field("watchers", "u64"),
    Field("words_at", "u64"),
    Field("payouts", "u64"),
    Field("unpaid", "u64"),
    Field("executed_at", "u64"),
    Field("paid", "u64", MAX_PAYOUTS // 64),
    Field("places", "u16", MAX_PAYOUTS),
)
"""The head of a block's account. After it stand, as they were written: BLOCK_WORDS words; the claims of the other
slices that are not empty, hashes ascending, then evaluations; the own slice's words; `later` commitments; `validators`
and `watchers` signatures of 65 bytes. `places` are the payouts' first words in the own slice. Once a block is executed
its account may be shrunk: payouts that are owed are all that follows the head then. Of a filled payout whose broker has
been repaid the words have what is left for the recipient as amount, and no fee.
An account that brings evidence to an end has nothing after its head but signatures.
"""

FILL: Final = Layout(
    "fill",
    Field("tag", "u64"),
    Field("mark", KEY),
    Field("filled_at", "u64"),
    Field("is_rested", "u64"),
    Field("payer", KEY),
    Field("repay_to", KEY),
)
"""A broker's fill, at the one address that follows from the payout's key; `repay_to` is a token account, or whose SOL
it is; `payer` gets the rent. `is_rested` is 1 once the recipient has its part of a fee that was not earned, before the
broker has been repaid.
"""

PATH: Final = Layout(
    "path",
    Field("tag", "u64"),
    Field("mark", KEY),
    Field("base", "u64"),
    Field("number", "u64"),
    Field("writer", KEY),
    Field("base_hash", KEY),
    Field("sync_hash", KEY),
)
"""That the history (`number`, `sync_hash`) contains (`base`, `base_hash`): true of hashes alone, whoever wrote it."""

EXIT: Final = Layout(
    "exit",
    Field("tag", "u64"),
    Field("mark", KEY),
    Field("tokens", "u64", 2),
    Field("amounts", "u64", 2),
    Field("recipient", KEY),
)
"""A balance that has left by proof, and what of it is owed yet, in layer-2 units; a side that is paid has 0. It stands
for ever at the one address that follows from account, token and mark, so that nothing leaves twice.
"""

KEYS_SIZE: Final = 8 + 768 + 768 + 832
"""The tag, then the keys of swap blocks, account blocks and exits as words, in the order of docs/protocol.md, section
9."""

LAYOUTS: Final = (QUEUE_HEAD, SWAP_ENTRY, ACCOUNT_ENTRY, BRIDGE, TOKEN, MINT, BLOCK, FILL, PATH, EXIT)
