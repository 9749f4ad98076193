"""Every function of every contract, and the figures that measure it.

A function that only other contracts of the system call is measured as a part of its caller.
"""

from collections.abc import Mapping
from typing import Final

FUNCTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "Bridge.swap": ("swap ERC-20", "swap native coin"),
    "Bridge.swap_with_permit": ("swap ERC-20 with permit",),
    "Bridge.deposit": ("deposit ERC-20", "deposit native coin"),
    "Bridge.deposit_with_permit": ("deposit ERC-20 with permit",),
    "Bridge.full_exit": ("full exit",),
    "Bridge.set_key": ("request for a key",),
    "Bridge.set_key_by_signature": ("request for a key by a contract wallet",),
    "Bridge.revoke_key_signatures": ("revoke key signatures",),
    "Bridge.fill": ("fill ERC-20", "fill native coin", "fill withdrawal"),
    "Bridge.withdraw_pending_balance": ("pull of a pending balance, native coin, through a contract",),
    "PrimaryHistory.accept": (
        "accept, fixed part of a block",
        "accept, per word",
        "accept, each further block in the same call",
        "accept, per deposit of a member",
        "accept, block with a key change and its owner's signature",
    ),
    "PrimaryHistory.accept_again": ("accept again, a block of one swap",),
    "PrimaryHistory.execute": ("execute on the primary, one ERC-20 payout",),
    "MemberHistory.import_blocks": (
        "import, fixed part of a block",
        "import, each further block in the same call",
        "import, per request in the own slice",
        "import, per deposit in the own slice",
        "import, per payout in the own slice, owed",
        "import, per payout in the own slice, ERC-20, paid in the same call",
        "import, a payout's payment alone",
        "import, the same to who has never had the token",
    ),
    "MemberHistory.execute": (
        "execute, one ERC-20 payout",
        "execute, one native payout",
        "execute, each further ERC-20 payout",
        "execute, one ERC-20 payout repaid to its broker",
        "execute, one native payout repaid to its broker",
        "execute, one withdrawal repaid to its broker",
        "execute, one ERC-20 refund",
        "execute, one payout that its recipient refuses",
    ),
    "PrimaryEnd.call_freeze": ("call a freeze, primary",),
    "PrimaryEnd.confirm_freeze": ("confirm a freeze, primary",),
    "PrimaryEnd.announce_freeze": ("announce a freeze",),
    "PrimaryEnd.void_freeze": ("void a freeze",),
    "PrimaryEnd.freeze_for": ("freeze for a member",),
    "PrimaryEnd.freeze_for_silence": ("freeze for silence",),
    "MemberEnd.call_freeze": ("call a freeze, member",),
    "MemberEnd.confirm_freeze": ("confirm a freeze, member",),
    "MemberEnd.show_mismatch": ("show a mismatch",),
    "MemberEnd.open_path": ("open a path, 16 blocks", "open a path, 1 block"),
    "MemberEnd.raise_end": ("raise END, watchers", "raise END, validators and governor", "raise END, both groups"),
    "MemberEnd.deny_end": ("deny END, validators", "deny END, governor", "deny END, watchers"),
    "MemberEnd.void_end": ("void END",),
    "MemberEnd.fell_end": ("fell END by an ACC above it",),
    "MemberEnd.stand_end": ("let END stand",),
    "Exodus.begin_exodus": ("begin exodus",),
    "Exodus.cancel_requests": ("cancel requests, one swap", "cancel requests, one deposit"),
    "Exodus.exit": ("exit by proof, ERC-20",),
    "Groups.announce_members": ("announce three members",),
    "Groups.replace_members": ("replace three members",),
    "Registry.register_token": ("register a token",),
    "Registry.set_token_limits": ("set a token's limits",),
    "Registry.tighten_token_limits": ("tighten a token's limits",),
    "Registry.pause_token": ("pause a token",),
    "Registry.unpause_token": ("admit a token again",),
    "Registry.set_prices": ("set twelve prices, rises", "set one price, a fall"),
    "Registry.set_price_bounds": ("set the bounds of a price",),
    "Registry.set_setter": ("name another setter",),
    "Registry.set_fee_recipient": ("name another fee recipient",),
}
"""Transactions, in the order of the page, by contract and function."""

WHOLE: Final = (
    "one swap from a member to the primary, their two calls",
    "one swap from a member to the primary, all four chains' calls",
    "one swap between two members, the primary's call and the one that pays",
    "one swap between two members, their calls and the primary's",
    "one swap between two members, all four chains' calls",
    "one swap from each of four chains, all calls",
    "full block, the primary's call",
    "full block, a member's call",
    "full block, all calls",
    "full block, a swap's share of all calls",
    "full block, a swap's share and its user's call",
)
"""Figures of several calls together, in the order of the page."""

INNER: Final[Mapping[str, str]] = {
    "Bridge.consume": "PrimaryHistory.accept",
    "Bridge.pay": "PrimaryHistory.accept",
    "Bridge.freeze": "PrimaryEnd.confirm_freeze",
    "Bridge.release": "Exodus.exit",
    "MemberHistory.set_end": "MemberEnd.raise_end",
    "MemberHistory.is_unmatched": "MemberEnd.show_mismatch",
    "Groups.check_seal": "PrimaryHistory.accept",
    "Groups.check_queues": "PrimaryHistory.accept",
    "Groups.compute_queues_digest": "PrimaryHistory.accept",
    "Groups.check_accepted": "MemberHistory.import_blocks",
    "Groups.check_frozen": "PrimaryEnd.announce_freeze",
    "Groups.check_end": "MemberEnd.raise_end",
    "Groups.check_denial": "MemberEnd.deny_end",
    "SwapVerifier.check_proofs": "PrimaryHistory.accept",
    "AccountVerifier.check_proofs": "PrimaryHistory.accept",
    "ExitVerifier.check_proofs": "Exodus.exit",
}
"""Functions for the system's own contracts, each with the figures that include it."""
