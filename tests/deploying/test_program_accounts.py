"""What a stranger finds out about all accounts of a Solana deployment's programs: each that earlier code could have
left is named, and what a stranger may do is not.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from solders.account import Account
from solders.pubkey import Pubkey

from tests.deploying.solana import OWNER, SOL, SOLANA, Built
from zklink.devnet.solana.people import key_of
from zklink.devnet.tokens import USDC
from zklink.operations.payout import Payout
from zklink.protocol.errors import RpcRefused, RpcUnavailable
from zklink.protocol.ids import FILL_LEAD_SECONDS, Amount, ChainId, Kind
from zklink.solana.client.node import AccountData, SolanaNode
from zklink.solana.deploying.verify_accounts import UNEXPLAINED
from zklink.solana.interface import accounts, addresses
from zklink.solana.interface.codec import Layout
from zklink.solana.interface.timelock import accounts as lock_accounts

MADE = "program: accounts that it cannot have made"
LOCK_MADE = "timelock program: accounts that it cannot have made"
HISTORY = f"program: {UNEXPLAINED}"
AWAY = key_of("away").pubkey()

Plant = Callable[[Built], tuple[Pubkey, bytes]]


def pack(built: Built, layout: Layout, **values: Any) -> bytes:
    """An account of a kind, with the bridge's mark if its kind has one; what is not given is nothing."""
    empty = layout.unpack(bytes(layout.size))
    bridge = accounts.BRIDGE.unpack(bytes(built.read(built.side.program.bridge).data))
    marked = {name: bridge[name] for name in ("mark",) if name in empty and name in bridge}
    return layout.pack(**(empty | marked | values))


def copy(built: Built, key: Pubkey) -> bytes:
    return bytes(built.read(key).data)


def block(built: Built, **values: Any) -> bytes:
    """A block's account, and room for its text."""
    return pack(built, accounts.BLOCK, tag=accounts.BLOCK_TAG, **values) + bytes(96)


def token(built: Built, number: int) -> bytes:
    fields = accounts.TOKEN.unpack(copy(built, built.side.token(built.side.plan.tokens[0])))
    return accounts.TOKEN.pack(**(fields | {"id": number, "mint": bytes(AWAY)}))


def put(built: Built, key: Pubkey, data: bytes, owner: Pubkey) -> None:
    built.star.chain.ledger.put(key, Account(SOL, data, owner, False, 0))


def fill(built: Built, **values: Any) -> bytes:
    return pack(built, accounts.FILL, tag=accounts.FILL_TAG, **({"filled_at": 1} | values))


def path(built: Built, **values: Any) -> bytes:
    return pack(built, accounts.PATH, tag=accounts.PATH_TAG, **values)


PAID = [1] + [0] * (accounts.MAX_PAYOUTS // 64 - 1)
LEFT: dict[str, tuple[Plant, set[str]]] = {
    "a second bridge": (lambda b: (AWAY, copy(b, b.side.program.bridge)), {MADE}),
    "a second queue": (lambda b: (AWAY, copy(b, b.side.account_queue.key)), {MADE}),
    "other keys": (lambda b: (AWAY, copy(b, b.side.keys_account.key)), {MADE}),
    "a token with a mint of its own": (lambda b: (AWAY, token(b, 1)), {MADE}),
    "a token that is not recorded": (
        lambda b: (b.side.program.derive(addresses.token_seeds(7)), token(b, 7)),
        {"tokens beside those"},
    ),
    "a mint that is a token": (
        lambda b: (b.side.mark(AWAY), pack(b, accounts.MINT, tag=accounts.MINT_TAG, id=1)),
        {"program: ids of mints"},
    ),
    "a block that nobody has proven": (
        lambda b: (AWAY, block(b, stage=accounts.IMPORTED, number=1, payouts=1, unpaid=1, words_at=384)),
        {MADE, "program: its books"},
    ),
    "one that is executed": (
        lambda b: (AWAY, block(b, stage=accounts.EXECUTED, number=1, executed_at=1)),
        {MADE},
    ),
    "a block that will have paid": (lambda b: (AWAY, block(b, stage=accounts.WRITING, paid=PAID)), {MADE}),
    "a block of no stage": (lambda b: (AWAY, block(b, stage=9)), {MADE}),
    "an exit": (
        lambda b: (AWAY, pack(b, accounts.EXIT, tag=accounts.EXIT_TAG, tokens=[1, 0], amounts=[10**9, 0])),
        {MADE, "token 1 (USDC): owed by blocks and exits"},
    ),
    "a fill of the future": (lambda b: (AWAY, fill(b, filled_at=1 << 40)), {MADE}),
    "a fill of another kind": (lambda b: (AWAY, fill(b, is_rested=2)), {MADE}),
    "a path to another block of its height": (lambda b: (AWAY, path(b, base_hash=bytes(AWAY))), {MADE}),
    "a path backwards": (lambda b: (AWAY, path(b, base=2, number=1)), {MADE}),
    "a content without a tag": (lambda b: (AWAY, bytes(8) + b"\1" * 200), {MADE}),
    "another tag": (lambda b: (AWAY, b"\1" * 200), {MADE}),
    "a token of another size": (lambda b: (AWAY, token(b, 1) + bytes(8)), {MADE}),
}
"""What earlier code can have left at the bridge's program, and what is said of it."""


@pytest.mark.parametrize("plant, named", LEFT.values(), ids=LEFT)
def test_verify__account_that_earlier_code_left__is_named(built: Built, plant: Plant, named: set[str]) -> None:
    key, data = plant(built)
    put(built, key, data, built.side.program.id)
    assert built.find_wrong() == named


TIP = 100


def set_bridge(built: Built, **values: Any) -> None:
    """Let fields of the bridge be others."""
    bridge = built.side.program.bridge
    fields = accounts.BRIDGE.unpack(copy(built, bridge))
    built.put(bridge, accounts.BRIDGE.pack(**(fields | values)))


def set_token(built: Built, **values: Any) -> None:
    """Let the books of USDC be others; its vault holds whatever they say."""
    [usdc] = [token for token in built.side.plan.tokens if token.token_id == USDC]
    place, vault = built.side.token(usdc), built.side.vault(usdc)
    fields = accounts.TOKEN.unpack(copy(built, place)) | values
    built.put(place, accounts.TOKEN.pack(**fields))
    data = bytearray(copy(built, vault))
    data[64:72] = ((fields["custody"] + fields["owed"]) * fields["scale"]).to_bytes(8, "little")
    built.put(vault, bytes(data))


def run(built: Built, **values: Any) -> None:
    """Let the bridge have imported blocks, the newest ones from the accounts `newest` gives."""
    set_bridge(built, number=TIP, imported_from=[bytes(AWAY)] * accounts.BLOCK_PLACES, **values)


def payout(built: Built, fill_fee: int = 0) -> Payout:
    """9 USDC for somebody, which a broker may fill."""
    return Payout(
        kind=Kind.SWAP_PAID,
        source=ChainId(4),
        chain=SOLANA,
        id=1,
        token=USDC,
        amount=Amount(9 * 10**6),
        recipient=bytes(OWNER.pubkey()),
        fill_fee=Amount(fill_fee),
    )


def paying(built: Built, due: Payout, **values: Any) -> bytes:
    """A block with one payout."""
    text = b"".join(word.to_bytes(32, "big") for word in due.words())
    known = {"payouts": 1, "unpaid": 1, "words_at": accounts.BLOCK.size, "number": TIP - accounts.BLOCK_PLACES}
    return pack(built, accounts.BLOCK, tag=accounts.BLOCK_TAG, **(known | values)) + text


OWED = "token 1 (USDC): owed by blocks and exits"
CUSTODY = "token 1 (USDC): custody"


def test_verify__bridge_that_has_run__adds_up(built: Built) -> None:
    """Old blocks, of which the bridge does not say where they were: what they owe is what the token says."""
    run(built)
    assert built.find_wrong() == set()
    own, due = built.side.program.id, payout(built)
    put(built, AWAY, paying(built, due, stage=accounts.EXECUTED, executed_at=5), own)
    assert built.find_wrong() == {OWED}
    set_token(built, owed=due.amount)
    assert built.find_wrong() == set()
    put(built, key_of("again").pubkey(), paying(built, due, stage=accounts.EXECUTED, executed_at=5), own)
    assert built.find_wrong() == {OWED, MADE}, "two accounts of one block"


def test_verify__block_that_waits__is_covered_and_counted(built: Built) -> None:
    run(built)
    own, due = built.side.program.id, payout(built)
    put(built, AWAY, paying(built, due, stage=accounts.IMPORTED), own)
    assert built.find_wrong() == {MADE, CUSTODY}, "nobody counts it, and nothing came in for it"
    set_bridge(built, unpaid=1)
    assert built.find_wrong() == {CUSTODY}
    set_token(built, custody=due.amount)
    assert built.find_wrong() == set()


def test_verify__recipient_that_has_its_part_already__is_not_owed_it_again(built: Built) -> None:
    """The broker was late: half of the fee is the recipient's, who has got it before the broker."""
    run(built)
    due = payout(built, fill_fee=600)
    place = built.side.program.derive(addresses.fill_seeds(due.fill_key(built.dossier.deployment.deployment_hash)))
    executed = 10**9
    put(built, AWAY, paying(built, due, stage=accounts.EXECUTED, executed_at=executed), built.side.program.id)
    filled = fill(built, filled_at=executed - FILL_LEAD_SECONDS // 2, is_rested=1)
    put(built, place, filled, built.side.program.id)
    set_token(built, owed=due.amount)
    assert built.find_wrong() == {OWED}
    set_token(built, owed=due.amount - 300)
    assert built.find_wrong() == set()


def test_verify__sol_that_is_counted_twice__is_named(built: Built) -> None:
    """It holds the fees, and it holds what is in custody; it does not hold both."""
    [coin] = [token for token in built.side.plan.tokens if token.symbol == "SOL"]
    place, fees = built.side.token(coin), 3 * SOL
    run(built, earned_fees=fees)
    fields = accounts.TOKEN.unpack(copy(built, place))
    built.put(place, accounts.TOKEN.pack(**(fields | {"custody": 2 * SOL // fields["scale"]})))
    built.put(built.side.sol, b"", lamports=fees + 2 * SOL - 1)
    assert built.find_wrong() == {"token 2 (SOL): its vault's balance"}
    built.put(built.side.sol, b"", lamports=fees + 2 * SOL)
    assert built.find_wrong() == set()


NEWEST: dict[str, tuple[dict[str, Any], set[str]]] = {
    "where the bridge says": ({"number": TIP}, set()),
    "elsewhere": ({"number": TIP, "place": "elsewhere"}, {MADE}),
    "of the future": ({"number": TIP + 1}, {MADE}),
    "executed in the future": ({"number": TIP, "executed_at": 1 << 40}, {MADE}),
    "of payouts that are not": ({"number": TIP, "payouts": 200, "unpaid": 200}, {MADE, "program: its books"}),
    "paid beyond its payouts": ({"number": TIP, "paid": [4, 0]}, {MADE}),
    "unpaid beyond its payouts": ({"number": TIP, "unpaid": 3}, {MADE}),
    "paid before it is executed": (
        {"number": TIP, "stage": accounts.IMPORTED, "payouts": 1, "paid": PAID},
        {MADE},
    ),
}


@pytest.mark.parametrize("values, named", NEWEST.values(), ids=NEWEST)
def test_verify__newest_block__is_where_the_bridge_says(built: Built, values: dict[str, Any], named: set[str]) -> None:
    run(built)
    key = key_of(str(values["place"])).pubkey() if "place" in values else AWAY
    given = {"stage": accounts.EXECUTED, **{name: each for name, each in values.items() if name != "place"}}
    if given["stage"] == accounts.IMPORTED:
        set_bridge(built, unpaid=1)
    put(built, key, block(built, **given), built.side.program.id)
    assert built.find_wrong() == named


FUTURE = 1 << 40
LATER: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a price that never counts": (
        {"prices_from": [FUTURE] * 13},
        {"Bridge: moments that have not come", *(f"Bridge: price {kind}" for kind in (1, 4, 5, 9, 10, 11, 12))},
    ),
    "a removal to come": ({"removed_at": [FUTURE, 0]}, {"Bridge: moments that have not come"}),
    "a removal in a slot to come": ({"removed_in": [0, FUTURE]}, {"Bridge: moments that have not come"}),
    "a block to come": ({"timestamp": FUTURE}, {"Bridge: moments that have not come"}),
    "a freeze that is called": ({"freeze_requests": [1, 0]}, {"Bridge: a freeze of the swap queue"}),
    "more consumed than there is": ({"consumed": [0, 1]}, {"Bridge: requests of the account queue"}),
    "a member beyond the count": (
        {"watchers": [bytes(20)] * 15 + [b"\1" * 20]},
        {"Bridge: what must be nothing", "Bridge: watchers"},
    ),
}


@pytest.mark.parametrize("values, named", LATER.values(), ids=LATER)
def test_verify__bridge_that_waits_for_what_never_comes__is_named(
    built: Built, values: dict[str, Any], named: set[str]
) -> None:
    """Each lets nobody see what it does, until it does."""
    run(built, **values)
    assert named <= built.find_wrong()


def test_verify__rises_of_prices_that_have_not_begun__are_named(built: Built) -> None:
    """A day of rises that lies ahead never ends: the setter could double prices as often as it likes."""
    lock = built.side.lock.address
    fields = lock_accounts.TIMELOCK.unpack(copy(built, lock))
    built.put(lock, lock_accounts.TIMELOCK.pack(**(fields | {"since": [0, FUTURE] + [0] * 11})))
    assert built.find_wrong() == {"Timelock: prices whose day has not begun"}


def proposal(built: Built, number: int, stage: int = lock_accounts.EXECUTED) -> bytes:
    return pack(built, lock_accounts.PROPOSAL, tag=lock_accounts.PROPOSAL_TAG, number=number, stage=stage)


def count(built: Built, proposals: int) -> None:
    """Let the timelock have had so many proposals."""
    lock = built.side.lock.address
    fields = lock_accounts.TIMELOCK.unpack(copy(built, lock))
    built.put(lock, lock_accounts.TIMELOCK.pack(**(fields | {"count": proposals})))


LOCK_LEFT: dict[str, tuple[int, Plant]] = {
    "a second timelock": (0, lambda b: (AWAY, copy(b, b.side.lock.address))),
    "a proposal that comes": (0, lambda b: (b.side.lock.proposal(1), proposal(b, 1))),
    "one of no number": (1, lambda b: (b.side.lock.proposal(0), proposal(b, 0))),
    "one at another address": (1, lambda b: (AWAY, proposal(b, 1))),
    "one of no stage": (1, lambda b: (b.side.lock.proposal(1), proposal(b, 1, stage=0))),
    "something else": (0, lambda b: (AWAY, b"\1" * 200)),
}


@pytest.mark.parametrize("proposals, plant", LOCK_LEFT.values(), ids=LOCK_LEFT)
def test_verify__account_that_earlier_code_left_to_the_timelock__is_named(
    built: Built, proposals: int, plant: Plant
) -> None:
    count(built, proposals)
    key, data = plant(built)
    put(built, key, data, built.side.lock.id)
    assert built.find_wrong() == {LOCK_MADE}


def test_verify__proposal_that_is_over__is_no_mistake(built: Built) -> None:
    count(built, 1)
    put(built, built.side.lock.proposal(1), proposal(built, 1), built.side.lock.id)
    assert built.find_wrong() == set()


def test_verify__what_strangers_may_do__is_no_mistake(built: Built) -> None:
    """Accounts of zeros, blocks that are being written, paths, fills."""
    own, lock = built.side.program.id, built.side.lock.id
    for number, data in enumerate(
        (
            bytes(5_000),
            b"",
            block(built, stage=accounts.WRITING, writer=bytes(AWAY), later=3, validators=2, watchers=1),
            path(built, base=1, number=3, sync_hash=bytes(AWAY)),
            path(built),
            fill(built),
        )
    ):
        put(built, key_of(f"stranger {number}").pubkey(), data, own)
    put(built, key_of("stranger of the timelock").pubkey(), bytes(100), lock)
    assert built.find_wrong() == set()


UNKNOWN: dict[str, tuple[Callable[[Built], bytes], str]] = {
    "fill": (fill, "1 fills"),
    "path": (lambda b: path(b, base=1, number=3), "1 paths"),
}


@pytest.mark.parametrize("make, said", UNKNOWN.values(), ids=UNKNOWN)
def test_verify__what_only_history_explains__counts_where_there_is_one(
    built: Built, monkeypatch: pytest.MonkeyPatch, make: Callable[[Built], bytes], said: str
) -> None:
    put(built, AWAY, make(built), built.side.program.id)
    monkeypatch.setattr(SolanaNode, "transaction", lambda *given: None)
    histories = {f"{loading.name}: that no other code was there before" for loading in built.side.loadings}
    assert built.find_wrong() == {*histories, HISTORY}
    [found] = [each for each in built.check() if each.what == HISTORY]
    assert found.detail == said


@pytest.mark.parametrize(
    "error", [RpcRefused("solana", "getProgramAccounts", "excluded"), RpcUnavailable("solana", "", 5, "too much")]
)
def test_verify__node_that_lists_no_accounts__is_no_silent_pass(
    built: Built, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*given: Any) -> tuple[int, dict[str, AccountData]]:
        raise error

    monkeypatch.setattr(SolanaNode, "owned", refuse)
    wrong = [each for each in built.check() if not each.is_right]
    assert {each.what for each in wrong} == {"program: all its accounts", "timelock program: all its accounts"}
    assert all("ask a node that answers getProgramAccounts" in each.detail for each in wrong)


def test_verify__list_without_the_bridge__is_no_silent_pass(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    owned = SolanaNode.owned
    for key in (built.side.program.bridge, built.side.swap_queue.key, built.side.account_queue.key):

        def leave_out(node: SolanaNode, *given: Any, key: str = str(key)) -> tuple[int, dict[str, AccountData]]:
            slot, found = owned(node, *given)
            return slot, {place: each for place, each in found.items() if place != key}

        with monkeypatch.context() as patch:
            patch.setattr(SolanaNode, "owned", leave_out)
            assert "program: the bridge and its queues among its accounts" in built.find_wrong()


def test_owned__accounts_of_another_program__are_no_answer(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    node, own = built.star.desk().node, str(built.side.program.id)
    slot, found = node.owned(own)
    assert str(built.side.program.bridge) in found and {each.owner for each in found.values()} == {own}
    assert slot == built.star.chain.ledger.height()
    monkeypatch.setattr(
        "zklink.solana.client.node._read_owned",
        lambda answer: (slot, {key: replace(each, owner="another") for key, each in found.items()}),
    )
    with pytest.raises(RpcUnavailable, match="accounts of another program"):
        node.owned(own)
