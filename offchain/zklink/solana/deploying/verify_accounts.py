"""Whether the accounts of a program are those that its code makes: takes all that a node gives; gives checks.

The programs believe an account by owner, address, size and tag, so one that earlier code has left could count. Each is
compared here with the addresses, the states and the sums that the code leads to. What an account of a stranger may be:

- *empty*: anybody can give the program an account of zeros. Only `open_block` and `open_path` take one, and write all
  that they read later; so one with a content and no tag is named.
- *a block that is being written*, and *a path*: anybody opens them. Of the first only what its writer gave is set.

A fill, a path, an exit and a block that is older than those which the bridge names show in nothing who made them: they
count only where the program's history shows that there was no other code (`verify_history`).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from solders.pubkey import Pubkey

from zklink.l1.deployment.checks import Check, check
from zklink.protocol.errors import RpcRefused, RpcUnavailable
from zklink.solana.client.importing import BlockAccount
from zklink.solana.client.node import FINALIZED, AccountData, SolanaNode
from zklink.solana.deploying.side import ProgramSide
from zklink.solana.interface import accounts, addresses
from zklink.solana.interface.codec import Layout
from zklink.solana.interface.timelock import accounts as lock_accounts

LIST: Final = "all its accounts"
UNEXPLAINED: Final = "accounts that only its history explains"
_OPENED: Final = ("tag", "mark", "stage", "writer", "later", "validators", "watchers")
"""Fields of a block's head that are set while it is written."""

Accounts = Mapping[str, AccountData]


@dataclass(slots=True)
class Census:
    """What a program owns, sorted; `faults` are what its code never leads to, in words."""

    tokens: dict[int, dict[str, Any]] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)
    blocks: list[BlockAccount] = field(default_factory=list)
    fills: dict[str, dict[str, Any]] = field(default_factory=dict)
    exits: list[dict[str, Any]] = field(default_factory=list)
    paths: int = 0
    faults: list[str] = field(default_factory=list)


def list_accounts(what: str, side: ProgramSide, program: Pubkey, node: SolanaNode) -> tuple[Check, int, Accounts]:
    """Everything that a program owns, whether the node gives it, and the slot."""
    try:
        slot, found = node.owned(str(program), FINALIZED)
    except (RpcRefused, RpcUnavailable) as error:
        detail = f"{error}: ask a node that answers getProgramAccounts, such as one of your own"
        return Check(side.place.name, f"{what}: {LIST}", False, detail), 0, {}
    return Check(side.place.name, f"{what}: {LIST}", True, ""), slot, found


def verify_lock_accounts(side: ProgramSide, node: SolanaNode) -> Iterator[Check]:
    """The timelock's program has its timelock and the proposals that it counts, each at its address."""
    what = "timelock program"
    listed, _, found = list_accounts(what, side, side.lock.id, node)
    yield listed
    if not listed.is_right:
        return
    lock = found.get(str(side.lock.address))
    is_lock = lock is not None and len(lock.data) == lock_accounts.TIMELOCK.size
    count = lock_accounts.TIMELOCK.unpack(lock.data)["count"] if lock is not None and is_lock else 0
    others = {key: each.data for key, each in found.items() if key != str(side.lock.address)}
    faults = [f"{key}: {fault}" for key, data in others.items() if (fault := _judge_proposal(side, count, key, data))]
    yield check(side.place.name, f"{what}: accounts that it cannot have made", faults, [])


def _judge_proposal(side: ProgramSide, count: int, key: str, data: bytes) -> str:
    if not any(data):
        return ""
    size = lock_accounts.PROPOSAL.size
    head = lock_accounts.PROPOSAL.unpack(data[:size]) if len(data) >= size else {"tag": 0}
    if head["tag"] != lock_accounts.PROPOSAL_TAG:
        is_second = int.from_bytes(data[:8], "little") == lock_accounts.TIMELOCK_TAG
        return "a second timelock" if is_second else "neither a timelock nor a proposal"
    if not 0 < head["number"] <= count or key != str(side.lock.proposal(head["number"])):
        return f"a proposal that says {head['number']}, of {count}, at another address than that"
    is_known = head["stage"] in (lock_accounts.WAITING, lock_accounts.EXECUTED, lock_accounts.CANCELLED)
    return "" if is_known else f"a proposal of stage {head['stage']}"


def verify_accounts(side: ProgramSide, found: Accounts, bridge: Mapping[str, Any], now: int) -> tuple[Check, Census]:
    """Each account of the bridge's program, and what they are together. `now` is the cluster's time."""
    census = Census()
    known = _list_places(side)
    for key, each in found.items():
        fault = _judge(side, bridge, key, each, known, census)
        if fault:
            census.faults.append(f"{key}: {fault}")
    census.faults += _judge_blocks(census.blocks, bridge, now)
    census.faults += [f"a fill of the future, {key}" for key, fill in census.fills.items() if fill["filled_at"] > now]
    what = "program: accounts that it cannot have made"
    return check(side.place.name, what, census.faults, []), census


def verify_explained(side: ProgramSide, census: Census, tip: int, is_first: bool) -> Check:
    """What only the history explains counts where there was no other code."""
    old = [each for each in census.blocks if _is_old(each, tip)]
    counts = {"fills": len(census.fills), "exits": len(census.exits), "paths": census.paths, "old blocks": len(old)}
    listed = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return Check(side.place.name, f"program: {UNEXPLAINED}", is_first or not listed, listed)


def _list_places(side: ProgramSide) -> dict[str, int]:
    """Where the accounts are of which there is one, by what their first word is."""
    places = {
        side.program.bridge: accounts.BRIDGE_TAG,
        side.swap_queue.key: accounts.QUEUE_TAG,
        side.account_queue.key: accounts.QUEUE_TAG,
        side.keys_account.key: accounts.KEYS_TAG,
    }
    return {str(key): tag for key, tag in places.items()}


def _judge(
    side: ProgramSide,
    bridge: Mapping[str, Any],
    key: str,
    each: AccountData,
    known: Mapping[str, int],
    census: Census,
) -> str:
    """What is wrong about an account; else it is sorted."""
    data, tag = each.data, int.from_bytes(each.data[:8], "little")
    if tag in known.values():
        return "" if known.get(key) == tag else "a second bridge, queue or account of keys"
    if tag == 0:
        return "an account of no kind that holds something" if any(data) else ""
    if tag == accounts.BLOCK_TAG and len(data) >= accounts.BLOCK.size:
        fields = accounts.BLOCK.unpack(data[: accounts.BLOCK.size])
        if not _is_marked(fields, bridge):
            return "a block with another bridge's mark"
        census.blocks.append(BlockAccount(Pubkey.from_string(key), fields, data[accounts.BLOCK.size :]))
        return ""
    form = _FORMS.get(tag)
    if form is None or len(data) != form.size:
        return "of no kind that the program has"
    return _sort(side, bridge, key, tag, form.unpack(data), census)


_FORMS: Final[Mapping[int, Layout]] = {
    accounts.TOKEN_TAG: accounts.TOKEN,
    accounts.MINT_TAG: accounts.MINT,
    accounts.FILL_TAG: accounts.FILL,
    accounts.PATH_TAG: accounts.PATH,
    accounts.EXIT_TAG: accounts.EXIT,
}


def _sort(
    side: ProgramSide, bridge: Mapping[str, Any], key: str, tag: int, fields: dict[str, Any], census: Census
) -> str:
    derive = side.program.derive
    if not _is_marked(fields, bridge):
        return "with another bridge's mark"
    match tag:
        case accounts.TOKEN_TAG:
            if key != str(derive(addresses.token_seeds(fields["id"]))):
                return f"a token {fields['id']} at another address than that of its id"
            census.tokens[fields["id"]] = fields
        case accounts.MINT_TAG:
            census.marks[key] = fields["id"]
        case accounts.FILL_TAG:
            census.fills[key] = fields
            return "" if fields["is_rested"] <= 1 else "a fill that is neither rested nor not"
        case accounts.EXIT_TAG:
            census.exits.append(fields)
            return "" if bridge["exit_root"] else "an exit before the exodus"
        case accounts.PATH_TAG:
            census.paths += 1
            is_longer, is_same = fields["number"] > fields["base"], fields["sync_hash"] == fields["base_hash"]
            is_path = is_longer or (fields["number"] == fields["base"] and is_same)
            return "" if is_path else "a path that leads to another block of its own height"
    return ""


def _is_marked(fields: Mapping[str, Any], bridge: Mapping[str, Any]) -> bool:
    """Whether an account has the mark of the bridge, if its kind has one."""
    own = bridge.get("mark")
    return bool(fields.get("mark", own) == own)


def _judge_blocks(blocks: Sequence[BlockAccount], bridge: Mapping[str, Any], now: int) -> list[str]:
    faults = [f"{each.key}: {fault}" for each in blocks if (fault := _judge_block(each, bridge, now))]
    imported = [each for each in blocks if each.fields["stage"] != accounts.WRITING]
    twice = [number for number, n in Counter(each.fields["number"] for each in imported).items() if n > 1]
    faults += [f"two accounts of block {number}" for number in twice]
    waiting = sum(each.fields["stage"] == accounts.IMPORTED for each in blocks)
    if waiting != bridge["unpaid"]:
        faults.append(f"{waiting} blocks that are not executed, and the bridge counts {bridge['unpaid']}")
    return faults


def _judge_block(block: BlockAccount, bridge: Mapping[str, Any], now: int) -> str:
    known, tip = block.fields, bridge["number"]
    number, stage, payouts = known["number"], known["stage"], known["payouts"]
    if stage == accounts.WRITING:
        odd = [name for name, value in known.items() if name not in _OPENED and _is_set(value)]
        return f"a block that is being written and has {', '.join(odd)}" if odd else ""
    if stage not in (accounts.IMPORTED, accounts.EXECUTED):
        return f"a block of stage {stage}"
    if not 0 < number <= tip:
        return f"block {number}, of {tip}"
    if not _is_old(block, tip) and bytes(block.key) != bridge["imported_from"][number % accounts.BLOCK_PLACES]:
        return f"block {number}, which was imported from another account"
    paid = sum(word << 64 * at for at, word in enumerate(known["paid"]))
    if payouts > accounts.MAX_PAYOUTS or paid >> payouts or paid.bit_count() + known["unpaid"] != payouts:
        return f"block {number}, which does not count its payouts"
    if known["executed_at"] > now or (stage == accounts.IMPORTED and (paid or known["executed_at"])):
        return f"block {number}, which is executed too early"
    return ""


def _is_old(block: BlockAccount, tip: int) -> bool:
    """Whether the bridge does not say any more from which account a block was imported."""
    is_imported = block.fields["stage"] != accounts.WRITING
    return bool(is_imported and block.fields["number"] <= tip - accounts.BLOCK_PLACES)


def _is_set(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_is_set, value))
    return any(value) if isinstance(value, bytes) else bool(value)
