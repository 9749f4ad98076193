"""The program's calls: for each its number, its accounts in order, and its data; those about its end stand in
`end_instructions`, those about new members of groups in `group_instructions`.
"""

from typing import Final

from zklink.solana.interface.codec import AMOUNT, KEY, WORD, Field, Layout
from zklink.solana.interface.end_instructions import END_INSTRUCTIONS
from zklink.solana.interface.forms import define, roles
from zklink.solana.interface.group_instructions import GROUP_INSTRUCTIONS

PUT_KEYS: Final = define(
    0, "put_keys", roles("authority s", "keys w", "program_data", "bridge"), Field("at", "u16"), has_tail=True
)
"""The program's upgrade authority writes a piece of the verification keys, before `init`."""

INIT: Final = define(
    1,
    "init",
    roles("authority sw", "bridge w", "sol w", "swap_queue w", "account_queue w", "keys", "program_data", "slot_hashes")
    + roles("system_program"),
    Field("chain", "u8"),
    Field("primary", "u8"),
    Field("token_limit", "u64"),
    Field("account_limit", "u64"),
    Field("slots_per_day", "u64"),
    Field("genesis_root", KEY),
    Field("governor", KEY),
    Field("fee_recipient", KEY),
    has_tail=True,
)
"""Makes the bridge, once, and marks it with the hash of the slot before, from the sysvar `slot_hashes`. Both queues are
new accounts of the program, of their exact sizes. `slots_per_day` is how many slots a day of a window needs, below what
the cluster makes. The tail is the chain table, CHAIN_ENTRY for each chain, ascending.
"""

CHAIN_ENTRY: Final = Layout(
    "chain_entry",
    Field("chain", "u8"),
    Field("address_format", "u8"),
    Field("evm_chain_id", KEY),
    Field("bridge", KEY),
)

FOUND_GROUP: Final = define(
    2,
    "found_group",
    roles("governor s", "bridge w"),
    Field("group", "u8"),
    Field("threshold", "u8"),
    has_tail=True,
)
"""Names the members of a group (1 validators, 2 watchers) that has none yet. The tail is their addresses, 20 bytes
each, ascending.
"""

REGISTER_TOKEN: Final = define(
    3,
    "register_token",
    roles("governor s", "payer sw", "bridge", "token w", "mint_mark w", "mint", "vault", "token_program")
    + roles("system_program"),
    Field("id", "u16"),
    Field("chains", "u16"),
    Field("layer2_decimals", "u8"),
    Field("minimum", "u64"),
    Field("cap", "u64"),
)
"""Gives a token id its meaning, once. For one that is not on this chain nobody looks at mint, mark, vault, program."""

SET_TOKEN: Final = define(
    4,
    "set_token",
    roles("governor s", "bridge", "token w"),
    Field("is_paused", "u8"),
    Field("minimum", "u64"),
    Field("cap", "u64"),
)
"""The governor pauses a token, or sets what may come in."""

SET_PRICE: Final = define(5, "set_price", roles("governor s", "bridge w"), Field("kind", "u8"), Field("price", "u64"))
"""The governor sets a price in lamports: a fall counts at once, a rise an hour later."""

SWAP: Final = define(
    6,
    "swap",
    roles("sender sw", "bridge w", "swap_queue w", "token_in w", "token_out", "token_via", "source w", "vault w")
    + roles("mint", "token_program", "sol w", "system_program"),
    Field("token_in", "u16"),
    Field("destination", "u8"),
    Field("token_out", "u16"),
    Field("via", "u16"),
    Field("l1_amount", "u64"),
    Field("fee", "u64"),
    Field("deadline", "u64"),
    Field("min_out", AMOUNT),
    Field("operator_fee", AMOUNT),
    Field("fill_fee", AMOUNT),
    Field("recipient", KEY),
    Field("refund_to", KEY),
)
"""Queues a swap. `fee` is in lamports, all of it taken. `source` is the sender's token account, or for SOL the sender.
Without a token between, `via` is 0 and nobody looks at `token_via`.
"""

OPEN_BLOCK: Final = define(
    7,
    "open_block",
    roles("writer s", "block w", "bridge"),
    Field("later", "u16"),
    Field("validators", "u8"),
    Field("watchers", "u8"),
)
"""Takes a new account of this program for a block that the writer is going to write. Make the account in the same
transaction: whoever opens it has it.
"""

WRITE_BLOCK: Final = define(8, "write_block", roles("writer s", "block w"), Field("at", "u16"), has_tail=True)
"""The writer writes a piece of what follows the head, at a byte of it."""

IMPORT_BLOCK: Final = define(9, "import_block", roles("bridge w", "queue", "keys", "block w"))
"""Imports the next block, by anybody, from an account that is written; `queue` is its lane's."""

EXECUTE: Final = define(10, "execute", roles("bridge w", "block w", "token w"), has_more=True)
"""Moves what an imported block pays from custody to what is owed; with every token that it pays."""

PAY: Final = define(
    11,
    "pay",
    roles("claimant", "bridge", "block w", "token w", "vault w", "mint", "token_program", "destination w")
    + roles("fill w", "fill_payer w", "repay_to w"),
    Field("index", "u8"),
)
"""Pays one payout of an executed block: to the recipient's associated account, or its own for SOL, by anybody; to any
account of the token if `claimant` is the recipient and signs; what a broker has filled to whom it named. Where nobody
filled, `fill` is still the place of the fill, and nobody looks at the two accounts after it. Of a filled payout each
part is paid whose account the call names: the broker's if `repay_to` is the fill's, the recipient's if `destination`
can take it. So neither can hold the other's part up.
"""

FILL: Final = define(
    12,
    "fill",
    roles("broker sw", "bridge", "token", "fill w", "source w", "destination w", "mint", "repay_to w", "token_program")
    + roles("system_program"),
    Field("block", "u64"),
    Field("payout", KEY, 3),
)
"""Pays a payout ahead of its block, which is refused once the bridge has imported that block."""

CLOSE_BLOCK: Final = define(13, "close_block", roles("writer sw", "block w", "bridge"))
"""Gives the rent of a block's account back to its writer: all of it before the import and once nothing is owed; of an
executed block else what its owed payouts do not need, for which the account is shrunk.
"""

COLLECT_FEES: Final = define(14, "collect_fees", roles("bridge w", "sol w", "fee_recipient w"))
"""Sends what blocks have earned to the recipient of fees, by anybody."""

DEPOSIT: Final = define(
    15,
    "deposit",
    roles("sender sw", "bridge w", "account_queue w", "token w", "source w", "vault w", "mint", "token_program")
    + roles("sol w", "system_program"),
    Field("token", "u16"),
    Field("account", "u32"),
    Field("l1_amount", "u64"),
    Field("fee", "u64"),
    Field("owner", KEY),
    Field("refund_to", KEY),
)
"""Queues a deposit for an owner of any format; it is the owner's own if the sender is the owner. `account` is the one
that is meant, 0 for none.
"""

FULL_EXIT: Final = define(
    16,
    "full_exit",
    roles("owner s", "payer sw", "bridge w", "account_queue w", "sol w", "system_program"),
    Field("account", "u32"),
    Field("token", "u16"),
    Field("mask", "u8"),
    Field("coin", "u64"),
    Field("second", KEY),
)
"""Queues the full exit of who signs as owner. `coin`, in lamports, is all that the payer gives: what the exit burns,
and its fee. The chains of `mask` pay, bit k - 1 for chain k: this one to the owner, others to `second`.
"""

KEY_REQUEST: Final = define(
    17,
    "key_request",
    roles("owner s", "payer sw", "bridge w", "account_queue w", "sol w", "system_program"),
    Field("account", "u32"),
    Field("fee", "u64"),
    Field("public_key_hash", WORD),
)
"""Queues a new key for an account of who signs as owner; 0 takes the key away."""

INSTRUCTIONS: Final = (
    PUT_KEYS,
    INIT,
    FOUND_GROUP,
    REGISTER_TOKEN,
    SET_TOKEN,
    SET_PRICE,
    SWAP,
    OPEN_BLOCK,
    WRITE_BLOCK,
    IMPORT_BLOCK,
    EXECUTE,
    PAY,
    FILL,
    CLOSE_BLOCK,
    COLLECT_FEES,
    DEPOSIT,
    FULL_EXIT,
    KEY_REQUEST,
    *END_INSTRUCTIONS,
    *GROUP_INSTRUCTIONS,
)
