"""What a stranger finds out about a Solana chain: what is as recorded passes, and each lie is named."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from solders.account import Account
from solders.pubkey import Pubkey

from tests.deploying.solana import OWNER, PAYER, SETTER, SOLANA, Built
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.records import GroupPlan
from zklink.primitives.base58 import encode_base58
from zklink.protocol.ids import Amount, TokenId
from zklink.solana.client.loader import LOADER
from zklink.solana.client.node import FINALIZED, AccountData, Level, SolanaNode
from zklink.solana.client.program import SYSTEM
from zklink.solana.deploying.loader import DATA_HEAD
from zklink.solana.deploying.verify_fields import LOCK_MOVES, MOVES
from zklink.solana.interface import accounts
from zklink.solana.interface.timelock import accounts as lock_accounts

DEAD = {"prices", "prices_from"}
"""Fields of the bridge of which another bit means nothing here: the present price has counted since it was set."""

FIELDS = {
    "queue_hashes": "swap queue: hash of its requests",
    "next_prices": "Bridge: price 0",
    "group_counts": "Bridge: validators",
    "group_thresholds": "Bridge: how many validators must sign",
    **dict.fromkeys(
        (
            "coming_count",
            "coming_threshold",
            "announced_at",
            "announced_in",
            "coming_members",
            "freeze_at",
            "freeze_in",
        ),
        "Bridge: what must be nothing",
    ),
    **dict.fromkeys(
        ("end_number", "end_at", "end_in", "end_denied_by_validators", "end_denied_by_governor", "end_hash"),
        "Bridge: what must be nothing",
    ),
    **dict.fromkeys(
        ("cancelled_swaps", "cancelled_requests", "returned_swap_fees", "returned_request_fees"),
        "Bridge: what must be nothing",
    ),
    **{
        name: f"Bridge: {name.replace('_', ' ')} before the first block"
        for name in (
            "timestamp",
            "root",
            "sync_hash",
            "consumed",
            "earned_fees",
            "end_round",
        )
    },
    **dict.fromkeys(("removed_at", "removed_in"), "Bridge: whether somebody was removed"),
    "coming_group": "Bridge: an announced change",
    "number": "Bridge: accounts of its newest blocks",
    "unpaid": "program: accounts that it cannot have made",
    "mark": "program: accounts that it cannot have made",
    "has_end": "Bridge: whether its history has ended",
    "end_word": "Bridge: whether an END is raised",
    "frozen_at": "Bridge: whether it is frozen",
    "exit_root": "Bridge: whether it is in exodus",
    "totals": "swap queue: hash of its requests",
    "open_fees": "Bridge: open fees",
    "freeze_requests": "Bridge: a freeze of the swap queue",
    "imported_from": "Bridge: accounts of its newest blocks",
}
"""What a field's mistake is called, where it is not its own name."""


def test_verify__as_recorded__every_check_passes(built: Built) -> None:
    assert built.find_wrong() == set()


def test_verify__another_bit_in_each_field_of_the_bridge__is_named(built: Built) -> None:
    bridge = built.side.program.bridge
    named = dict[str, set[str]]()
    for field in accounts.BRIDGE.fields:
        if field.name in DEAD:
            continue
        with built.undone():
            built.flip(bridge, accounts.BRIDGE.offset(field.name))
            named[field.name] = built.find_wrong()
    for name, found in named.items():
        assert FIELDS.get(name, f"Bridge: {name.replace('_', ' ')}") in found, (name, found)
    assert named.keys() | DEAD == {field.name for field in accounts.BRIDGE.fields} and len(named) > 60


def test_moves__fields_that_only_history_explains__are_those_of_the_layouts() -> None:
    """Each is named before the first block, or is dead there; what it is afterwards is said."""
    assert MOVES.keys() <= {field.name for field in accounts.BRIDGE.fields} and MOVES.keys() >= DEAD
    assert LOCK_MOVES.keys() <= {field.name for field in lock_accounts.TIMELOCK.fields}


def test_verify__another_bit_in_each_field_of_the_timelock__is_named(built: Built) -> None:
    named = {"coming_owner": "next owner", "founding_ends": "whether it is being founded"}
    named |= dict.fromkeys(("lows", "highs"), "bounds of price 0")
    for field in lock_accounts.TIMELOCK.fields:
        if field.name in LOCK_MOVES:
            continue
        with built.undone():
            last = 7 if field.name == "founding_ends" else 0  # a founding of 1970 is over
            built.flip(built.side.lock.address, lock_accounts.TIMELOCK.offset(field.name) + last)
            assert f"Timelock: {named.get(field.name, field.name.replace('_', ' '))}" in built.find_wrong()


TOKEN_FIELDS = {
    "tag": "id",
    "decimals": "decimals of the mint",
    "scale": "units of the mint in one of layer 2",
    "is_paused": "whether it is paused",
    "custody": "its vault's balance",
    "owed": "its vault's balance",
}


def test_verify__another_bit_in_each_field_of_a_token__is_named(built: Built) -> None:
    [token] = [token for token in built.side.plan.tokens if token.symbol == "USDC"]
    for field in accounts.TOKEN.fields:
        if field.name == "tag":
            continue
        with built.undone():
            built.flip(built.side.token(token), accounts.TOKEN.offset(field.name))
            assert f"token 1 (USDC): {TOKEN_FIELDS.get(field.name, field.name)}" in built.find_wrong()


def test_verify__another_byte_of_either_program__is_named(built: Built) -> None:
    for loading in built.side.loadings:
        for at, what in ((DATA_HEAD.size, "code"), (DATA_HEAD.size + len(loading.code) - 1, "code")):
            with built.undone():
                built.flip(loading.data, at)
                assert built.find_wrong() == {f"{loading.name}: {what}"}


def test_verify__code_with_more_behind_it__is_named_unless_it_is_empty(built: Built) -> None:
    loading = built.side.loadings[0]
    data = bytes(built.read(loading.data).data)
    built.put(loading.data, data + bytes(100))
    assert built.find_wrong() == set()
    built.put(loading.data, data + bytes(99) + b"\x01")
    assert built.find_wrong() == {"program: code"}


def set_authority(data: bytes, who: Pubkey | None) -> bytes:
    """The loader's account with another authority."""
    kind, slot, _, authority = DATA_HEAD.unpack_from(data)
    head = DATA_HEAD.pack(kind, slot, who is not None, authority if who is None else bytes(who))
    return head + data[DATA_HEAD.size :]


@pytest.mark.parametrize("who", [PAYER.pubkey(), OWNER.pubkey(), None])
def test_verify__somebody_else_may_upgrade__is_named(built: Built, who: Pubkey | None) -> None:
    program, lock = built.side.loadings
    built.put(program.data, set_authority(bytes(built.read(program.data).data), who))
    built.put(lock.data, set_authority(bytes(built.read(lock.data).data), who))
    named = {"program: who may upgrade it"} | ({"timelock program: who may upgrade it"} if who else set())
    assert built.find_wrong() == named


def test_verify__another_program_at_an_address__is_named(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    """The node shows the timelock's program where the bridge's should be, and then no code."""
    program, lock = built.side.loadings
    show = SolanaNode.accounts
    whose, called = "program: whose program it is", "program: whether it can be called"
    history = "program: that no other code was there before"
    for others, what in (
        ({str(program.id): str(lock.id)}, {"program: what stands at its address"}),
        ({str(program.id): str(OWNER.pubkey())}, {"program: what stands at its address", whose, called}),
        ({str(program.data): str(OWNER.pubkey())}, {"program: code", history}),
    ):
        monkeypatch.setattr(SolanaNode, "accounts", _show_others(show, others))
        assert built.find_wrong() == what


def _show_others(show: Callable[..., Any], others: Mapping[str, str]) -> Callable[..., Any]:
    return lambda node, keys, *level: show(node, [others.get(key, key) for key in keys], *level)


@pytest.mark.parametrize(
    "change, what", [({"owner": "another loader"}, "whose program it is"), ({"is_executable": False}, "can be called")]
)
def test_verify__not_the_loaders_or_not_executable__is_named(
    built: Built, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], what: str
) -> None:
    """As a node shows it: this ledger has no such account."""
    place, show = str(built.side.loadings[0].id), SolanaNode.accounts

    def alter(node: SolanaNode, keys: Sequence[str], level: Level = FINALIZED) -> tuple[int, list[AccountData | None]]:
        slot, found = show(node, keys, level)
        pairs = zip(keys, found, strict=True)
        return slot, [replace(each, **change) if key == place and each else each for key, each in pairs]

    monkeypatch.setattr(SolanaNode, "accounts", alter)
    assert [each for each in built.find_wrong() if what in each]


def test_verify__accounts_that_are_gone_or_anothers__each_is_named(built: Built) -> None:
    side, nobody = built.side, Pubkey.default()
    lost: dict[Pubkey, str] = {
        side.program.bridge: "Bridge",
        side.lock.address: "Timelock",
        side.sol: "sol: whose it is",
        side.keys_account.key: "keys: whose account it is",
        side.swap_queue.key: "swap queue: whose account it is",
        side.account_queue.key: "account queue: whose account it is",
        side.token(side.plan.tokens[0]): "token 1 (USDC)",
        side.vault(side.plan.tokens[0]): "token 1 (USDC): its vault",
    }
    for key, what in lost.items():
        with built.undone():
            built.put(key, bytes(built.read(key).data), owner=nobody)
            assert what in built.find_wrong()


def test_verify__keys_and_rings_with_another_bit__are_named(built: Built) -> None:
    side = built.side
    places = {side.keys_account.key: (100, "keys: SHA-256"), side.swap_queue.key: (8, "swap queue: its head")}
    for key, (at, what) in places.items():
        with built.undone():
            built.flip(key, at)
            assert built.find_wrong() == {what}


HANDS = {
    "a delegate": (72, "who else may move or close its vault"),
    "a close authority": (129, "who else may move or close its vault"),
    "another mint": (0, "its vault's mint"),
    "another owner": (32, "its vault's owner"),
}


@pytest.mark.parametrize("at, what", HANDS.values(), ids=HANDS)
def test_verify__vault_in_other_hands__is_named(built: Built, at: int, what: str) -> None:
    built.flip(built.side.vault(built.side.plan.tokens[0]), at)
    assert built.find_wrong() == {f"token 1 (USDC): {what}"}


def test_verify__vault_frozen_by_its_issuer__is_named(built: Built) -> None:
    vault = built.side.vault(built.side.plan.tokens[0])
    data = bytearray(built.read(vault).data)
    data[108] = 2
    built.put(vault, bytes(data))
    assert built.find_wrong() == {"token 1 (USDC): whether its issuer has frozen its vault"}


def test_verify__a_token_that_the_record_does_not_have__is_named(built: Built) -> None:
    side = built.side
    fewer = tuple(token for token in built.dossier.deployment.tokens if token.symbol != "ETH")
    said = replace(built.dossier, deployment=replace(built.dossier.deployment, tokens=fewer))
    assert side.plan.tokens[-1].symbol == "ETH"
    assert built.find_wrong(said) == {"tokens beside those"}


def change(dossier: Dossier, **terms: Any) -> Dossier:
    """A record with other terms of the program."""
    return replace(dossier, programs={SOLANA: replace(dossier.programs[SOLANA], **terms)})


def change_tokens(dossier: Dossier, **changes: Any) -> Dossier:
    """A record whose USDC has other terms on Solana."""
    tokens = list(dossier.deployment.tokens)
    usdc = tokens[0]
    assert usdc.token_id == TokenId(1)
    terms = replace(usdc.terms[SOLANA], **changes)
    tokens[0] = replace(usdc, terms={SOLANA: terms})
    return replace(dossier, deployment=replace(dossier.deployment, tokens=tuple(tokens)))


LIES: dict[str, tuple[Callable[[Dossier], Dossier], set[str]]] = {
    "owner": (lambda d: change(d, owner=d.programs[SOLANA].setter), {"Timelock: owner"}),
    "setter": (lambda d: change(d, setter=str(OWNER.pubkey())), {"Timelock: setter"}),
    "fee recipient": (lambda d: change(d, fee_recipient=str(SETTER.pubkey())), {"Bridge: fee recipient"}),
    "final": (lambda d: change(d, is_final=True), {"program: who may upgrade it"}),
    "slots": (lambda d: change(d, slots_per_day=1), {"Bridge: slots per day", "Timelock: slots per day"}),
    "code": (lambda d: change(d, code_hash="11" * 32), {"program: code hash in the record"}),
    "timelock": (lambda d: change(d, timelock_hash="11" * 32), {"timelock program: code hash in the record"}),
    "minimum": (lambda d: change_tokens(d, minimum=Amount(1)), {"token 1 (USDC): minimum"}),
    "cap": (lambda d: change_tokens(d, cap=Amount(10**9)), {"token 1 (USDC): cap"}),
    "watchers": (
        lambda d: replace(d, deployment=replace(d.deployment, watchers=GroupPlan(d.deployment.watchers.members, 3))),
        {"Bridge: how many watchers must sign"},
    ),
    "hash": (
        lambda d: replace(d, deployment=replace(d.deployment, deployment_hash=bytes(32))),
        {f"Bridge: {name}" for name in ("deployment hash", "swap domain", "account domain", "exit domain")},
    ),
    "cluster": (
        lambda d: replace(
            d,
            deployment=replace(
                d.deployment,
                programs={SOLANA: replace(d.deployment.programs[SOLANA], genesis=encode_base58(b"\x07" * 32))},
            ),
        ),
        {"cluster"},
    ),
}


@pytest.mark.parametrize("lie, named", LIES.values(), ids=LIES)
def test_verify__lie_in_the_record__is_named(built: Built, lie: Callable[[Dossier], Dossier], named: set[str]) -> None:
    assert built.find_wrong(lie(built.dossier)) == named


def test_verify__the_purse_is_another_programs__is_named(built: Built) -> None:
    """Whoever owns the timelock in the founding can give it away: proposals that pay rent from it would fail."""
    for owner, data in ((LOADER, b""), (SYSTEM, b"\1")):
        with built.undone():
            purse = built.side.lock.purse
            built.star.chain.ledger.put(purse, Account(10**9, data, owner, False, 0))
            assert built.find_wrong() == {"Timelock: whose its purse is, and its bytes"}
