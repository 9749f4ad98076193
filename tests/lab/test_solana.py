"""The Solana chain of the laboratory: levels, what lands and what never does, lost forks, its JSON-RPC, its place in a
world.
"""

import base64
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.hash import Hash
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer

from tests.lab.solana_wallets import ALICE, BOB, SOL, balance, newest_blockhash, pay, sign_calls
from tests.support.tries import tries
from zklink.lab.chain import ChainSpec
from zklink.lab.chains import open_chains
from zklink.lab.errors import (
    FaultUnavailable,
    NodeRefused,
    NoSuchChain,
    ReorgTooDeep,
    SoldersMissing,
    UnknownTransaction,
)
from zklink.lab.faults import FeeSpike, Halt, Reorg
from zklink.lab.faults.strategies import plans
from zklink.lab.solana.base import SolanaSpec
from zklink.lab.solana.chain import LocalSolana
from zklink.lab.solana.ledger import BLOCKHASHES, PACKET_BYTES
from zklink.lab.world import LabWorld

SPEC = SolanaSpec(confirmed_slots=2, finalized_slots=8)
LEVELS = ("processed", "confirmed", "finalized")


def open_chain() -> LocalSolana:
    """A chain where Alice is rich, and has been for long."""
    chain = LocalSolana(SPEC)
    chain.ledger.give(ALICE.pubkey(), 1_000 * SOL)
    chain.finalize()
    return chain


@pytest.fixture
def chain() -> LocalSolana:
    return open_chain()


# -- levels ----------------------------------------------------------------------------------------------------------


def test_account__after_a_transfer__is_seen_at_each_level_in_its_slot(chain: LocalSolana) -> None:
    chain.send(pay(chain, SOL))
    landed = chain.height()
    seen: dict[str, int] = {}
    while len(seen) < len(LEVELS):
        seen |= {level: chain.height() for level in LEVELS if level not in seen and balance(chain, level=level) == SOL}
        chain.mine()
    assert seen == {"processed": landed, "confirmed": landed + 2, "finalized": landed + 8}


def test_history__at_a_level__ends_where_the_level_is(chain: LocalSolana) -> None:
    signature = chain.send(pay(chain, SOL))
    asked = (str(BOB.pubkey()), {"commitment": "finalized"})
    assert chain.rpc("getSignaturesForAddress", *asked) == []
    assert chain.rpc("getTransaction", signature, {"commitment": "finalized"}) is None
    [status] = chain.rpc("getSignatureStatuses", [signature])["value"]
    assert status["confirmationStatus"] == "processed"
    chain.finalize()
    [entry] = chain.rpc("getSignaturesForAddress", *asked)
    assert (entry["signature"], entry["confirmationStatus"]) == (signature, "finalized")


# -- what lands ------------------------------------------------------------------------------------------------------


def test_send__more_than_a_packet__is_refused(chain: LocalSolana) -> None:
    call = transfer(TransferParams(from_pubkey=ALICE.pubkey(), to_pubkey=BOB.pubkey(), lamports=1))
    for calls in range(1, 200):
        wire = sign_calls(ALICE, [call] * calls, newest_blockhash(chain))
        if len(wire) > PACKET_BYTES:
            with pytest.raises(NodeRefused, match="too large"):
                chain.send(wire)
            break
    assert balance(chain) == 0


@pytest.mark.parametrize("age", [BLOCKHASHES, BLOCKHASHES + 1])
def test_send__old_blockhash__lands_until_it_has_expired(chain: LocalSolana, age: int) -> None:
    wire = pay(chain, SOL)
    chain.mine(age)
    if age <= BLOCKHASHES:
        chain.set_automine(False)
        chain.send(wire)
        return
    with pytest.raises(NodeRefused, match="Blockhash not found"):
        chain.send(wire)


def test_send__untried_and_expired__never_lands(chain: LocalSolana) -> None:
    wire = pay(chain, SOL)
    chain.mine(BLOCKHASHES + 1)
    options = {"encoding": "base64", "skipPreflight": True}
    signature = chain.rpc("sendTransaction", base64.b64encode(wire).decode(), options)
    chain.mine(3)
    assert chain.rpc("getSignatureStatuses", [signature])["value"] == [None]


def test_send__the_same_bytes_twice__take_effect_once(chain: LocalSolana) -> None:
    wire = pay(chain, SOL)
    chain.send(wire)
    with pytest.raises(NodeRefused, match="already been processed"):
        chain.send(wire)
    for _ in range(3):
        chain.ledger.send(wire, is_tried=False)
    assert balance(chain) == SOL


def test_send__call_that_fails__is_refused_when_tried_and_pays_its_fee_when_not(chain: LocalSolana) -> None:
    wire = pay(chain, 10_000 * SOL)
    with pytest.raises(NodeRefused, match=r"'InstructionError': \[0, \{'Custom': 1\}\]"):
        chain.send(wire)
    before = balance(chain, ALICE.pubkey())
    chain.ledger.send(wire, is_tried=False)
    assert (balance(chain), balance(chain, ALICE.pubkey())) == (0, before - 5_000)
    [entry] = chain.rpc("getSignaturesForAddress", str(BOB.pubkey()), {"commitment": "processed"})
    assert entry["err"] == {"InstructionError": [0, {"Custom": 1}]}


# -- lost forks, and going back ----------------------------------------------------------------------------------------


def test_reorg__of_what_is_not_final__takes_it_back_and_the_same_bytes_can_land_again(chain: LocalSolana) -> None:
    wire = pay(chain, SOL, level="finalized")
    signature = chain.send(wire)
    chain.mine(3)
    height = chain.height()
    assert chain.reorg(5, ()) == (signature,)
    assert (balance(chain), chain.height()) == (0, height)
    assert chain.rpc("getSignatureStatuses", [signature])["value"] == [None]
    assert chain.send(wire) == signature
    assert balance(chain) == SOL


def test_reorg__that_names_what_comes_back__has_it_in_the_other_fork(chain: LocalSolana) -> None:
    wires = [pay(chain, lamports, level="finalized") for lamports in (SOL, 2 * SOL)]
    first, second = (chain.send(wire) for wire in wires)
    assert chain.reorg(4, [second]) == (first, second)
    assert balance(chain) == 2 * SOL
    with pytest.raises(UnknownTransaction):
        chain.reorg(4, [str(Signature.default())])


def test_reorg__transaction_that_names_a_lost_blockhash__never_lands(chain: LocalSolana) -> None:
    chain.mine()
    wire = pay(chain, SOL, level="processed")
    chain.send(wire)
    chain.reorg(3)
    assert balance(chain) == 0
    with pytest.raises(NodeRefused, match="Blockhash not found"):
        chain.send(wire)


def test_reorg__of_what_is_final__is_refused(chain: LocalSolana) -> None:
    with pytest.raises(ReorgTooDeep):
        chain.reorg(SPEC.finalized_slots)
    chain.reorg(SPEC.finalized_slots - 1)


@given(st.lists(st.one_of(st.integers(1, 5), st.just("back")), max_size=8), st.integers(1, 7))
@tries(40)
def test_reorg__any_story__accounts_are_what_the_history_says(steps: list[int | str], depth: int) -> None:
    """What Bob has is the sum of the transfers that stand; a fork takes both back or neither."""
    chain = open_chain()
    for step in steps:
        if step == "back":
            chain.reorg(depth, ())
        else:
            chain.send(pay(chain, int(step) * SOL, level="finalized"))
        for level in LEVELS:
            history = chain.ledger.history(BOB.pubkey(), level)
            paid = sum(int.from_bytes(entry.wire[-8:], "little") for entry in history)
            assert balance(chain, level=level) == paid


def test_restore__after_anything__is_as_before(chain: LocalSolana) -> None:
    chain.send(pay(chain, SOL))
    moment, before = chain.snapshot(), newest_blockhash(chain)
    chain.send(pay(chain, 2 * SOL))
    chain.mine(20)
    chain.restore(moment)
    assert (balance(chain), newest_blockhash(chain), len(chain.ledger.entries)) == (SOL, before, 1)
    chain.send(pay(chain, 2 * SOL))
    assert balance(chain) == 3 * SOL


# -- JSON-RPC ----------------------------------------------------------------------------------------------------------

CONTEXT = {"apiVersion": str, "slot": int}
META = {
    "err": object,
    "status": dict,
    "fee": int,
    "logMessages": list,
    "computeUnitsConsumed": int,
    "innerInstructions": list,
    "preBalances": list,
    "postBalances": list,
    "preTokenBalances": list,
    "postTokenBalances": list,
    "rewards": list,
    "loadedAddresses": dict,
}
ACCOUNT = {"data": list, "executable": bool, "lamports": int, "owner": str, "rentEpoch": int, "space": int}
STATUS = {"slot": int, "confirmations": object, "err": object, "status": dict, "confirmationStatus": str}
ENTRY = {
    "signature": str,
    "slot": int,
    "err": object,
    "memo": object,
    "blockTime": int,
    "confirmationStatus": str,
}
SIMULATED = {"err": object, "logs": list, "unitsConsumed": int, "accounts": object, "returnData": object}


def at(value: Any) -> dict[str, Any]:
    """A value with the slot that it is of."""
    return {"context": CONTEXT, "value": value}


SHAPES: dict[str, tuple[list[Any], Any]] = {
    "getHealth": ([], str),
    "getVersion": ([], {"feature-set": int, "solana-core": str}),
    "getGenesisHash": ([], str),
    "getEpochInfo": (
        [],
        dict.fromkeys(("absoluteSlot", "blockHeight", "epoch", "slotIndex", "slotsInEpoch", "transactionCount"), int),
    ),
    "getEpochSchedule": (
        [],
        {
            "slotsPerEpoch": int,
            "leaderScheduleSlotOffset": int,
            "warmup": bool,
            "firstNormalEpoch": int,
            "firstNormalSlot": int,
        },
    ),
    "getSlot": ([{"commitment": "confirmed"}], int),
    "getBlockHeight": ([], int),
    "getBlockTime": ([3], int),
    "getMinimumBalanceForRentExemption": ([100], int),
    "getLatestBlockhash": ([], at({"blockhash": str, "lastValidBlockHeight": int})),
    "isBlockhashValid": ([str(Hash.default())], at(bool)),
    "getBalance": ([str(ALICE.pubkey())], at(int)),
    "getAccountInfo": ([str(ALICE.pubkey()), {"encoding": "base64"}], at(ACCOUNT)),
    "getMultipleAccounts": ([[str(ALICE.pubkey())], {"encoding": "base64"}], at([ACCOUNT])),
    "getProgramAccounts": (
        [str(Pubkey.default()), {"encoding": "base64", "withContext": True}],
        at([{"pubkey": str, "account": ACCOUNT}]),
    ),
    "requestAirdrop": ([str(BOB.pubkey()), SOL], str),
    "getSignatureStatuses": ([["SIGNATURE"]], at([STATUS])),
    "getSignaturesForAddress": ([str(ALICE.pubkey()), {"limit": 1}], [ENTRY]),
    "getTransaction": (
        ["SIGNATURE", {"encoding": "base64"}],
        {"slot": int, "blockTime": int, "transaction": list, "version": object, "meta": META},
    ),
    "simulateTransaction": (["WIRE", {"encoding": "base64"}], at(SIMULATED)),
    "sendTransaction": (["WIRE", {"encoding": "base64"}], str),
}
"""What each method takes, and the form of its answer, as https://solana.com/docs/rpc/http documents it."""


def has_shape(found: Any, shape: Any) -> bool:
    """Whether JSON has a form: exactly these names, and values of these types."""
    if isinstance(shape, dict):
        return found.keys() == shape.keys() and all(has_shape(found[name], shape[name]) for name in shape)
    if isinstance(shape, list):
        return isinstance(found, list) and len(found) > 0 and all(has_shape(each, shape[0]) for each in found)
    return isinstance(found, shape)


@pytest.mark.parametrize("method", SHAPES)
def test_rpc__each_method__answers_in_the_documented_shape(chain: LocalSolana, method: str) -> None:
    signature = chain.send(pay(chain, SOL))
    chain.finalize()
    wire = base64.b64encode(pay(chain, 7)).decode()
    asked = [
        {"SIGNATURE": signature, "WIRE": wire}.get(each, each) if isinstance(each, str) else each
        for each in SHAPES[method][0]
    ]
    asked = [[signature] if each == ["SIGNATURE"] else each for each in asked]
    assert has_shape(chain.rpc(method, *asked), SHAPES[method][1])


def test_shapes__are_those_of_every_method_of_the_node(chain: LocalSolana) -> None:
    assert SHAPES.keys() == chain.node._methods.keys()


@pytest.mark.parametrize(
    ("method", "parameters", "code"),
    [
        ("getNothing", [], -32601),
        ("getBalance", ["no key"], -32602),
        ("getBalance", [str(ALICE.pubkey()), {"commitment": "soon"}], -32602),
        ("getMultipleAccounts", [[str(ALICE.pubkey())] * 101], -32602),
        ("getAccountInfo", [str(ALICE.pubkey()), {"encoding": "jsonParsed"}], -32602),
        ("sendTransaction", ["AAAA"], -32602),
        ("requestAirdrop", [str(BOB.pubkey()), 1], -32603),
    ],
)
def test_rpc__wrong_request__is_an_error_of_its_code(
    chain: LocalSolana, method: str, parameters: list[Any], code: int
) -> None:
    assert chain.node.answer(method, parameters)["error"]["code"] == code


def test_rpc__account_that_is_not_there__is_null(chain: LocalSolana) -> None:
    assert chain.rpc("getAccountInfo", str(BOB.pubkey()), {"encoding": "base64"})["value"] is None


def test_serve_http__a_client_of_another_make__reads_and_sends(chain: LocalSolana) -> None:
    with chain.serve_http() as node:
        wire = base64.b64encode(pay(chain, SOL)).decode()
        asked = {"jsonrpc": "2.0", "id": 7, "method": "sendTransaction", "params": [wire, {"encoding": "base64"}]}
        answer = httpx.post(node.url, json=asked, trust_env=False).json()
        assert answer["id"] == 7 and len(answer["result"]) > 80
        many = [{"jsonrpc": "2.0", "id": each, "method": "getSlot"} for each in range(2)]
        assert [each["id"] for each in httpx.post(node.url, json=many, trust_env=False).json()] == [0, 1]
        node.proxy.fail("getSlot", "503")
    assert balance(chain) == SOL


# -- in a world --------------------------------------------------------------------------------------------------------


@pytest.fixture
def world() -> Iterator[LabWorld]:
    specs: list[ChainSpec | SolanaSpec] = [ChainSpec("left", 101, 2.0), SPEC]
    with open_chains("revm", specs) as chains:
        chains.by_name("solana").ledger.give(ALICE.pubkey(), 1_000 * SOL)
        yield LabWorld(chains)


def test_open__without_solders__names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zklink.lab.solana.chain", None)
    with pytest.raises(SoldersMissing, match=r"zklink\[solana\]"):
        open_chains("revm", [SPEC])


def test_world__both_kinds__time_passes_alike_and_each_makes_its_blocks(world: LabWorld) -> None:
    left, solana = world.chain("left"), world.solana()
    starts = left.height(), solana.height(), left.head_timestamp(), solana.head_timestamp()
    with world.by_rounds():
        world.round(10)
    assert left.height() - starts[0] == 10
    assert solana.height() - starts[1] >= 40
    assert left.head_timestamp() - starts[2] == solana.head_timestamp() - starts[3] == 20


def test_world__names_of_the_other_kind__are_refused(world: LabWorld) -> None:
    with pytest.raises(NoSuchChain):
        world.chain("solana")
    with pytest.raises(NoSuchChain):
        world.solana("left")
    assert world.places.made_of("revm") == ("left",)
    assert world.places.made_of("litesvm") == ("solana",)


def test_halt__of_solana__its_transactions_wait(world: LabWorld) -> None:
    solana = world.solana()
    with world.by_rounds():
        world.strike(Halt("solana", 2))
        signature = solana.send(pay(solana, SOL))
        world.round(2)
        assert balance(solana) == 0 and solana.waiting() == (signature,)
        world.round()
        assert balance(solana) == SOL and world.is_idle()


def test_reorg__of_solana__another_fork_wins_and_the_story_tells_it(world: LabWorld) -> None:
    solana = world.solana()
    with world.by_rounds():
        world.round(3)
        solana.send(pay(solana, SOL, level="finalized"))
        world.round()
        assert balance(solana) == SOL
        world.strike(Reorg("solana", 7, back=()))
        assert balance(solana) == 0
    assert "the last 7 blocks are replaced by others; gone for good" in str(world.story)


def test_fee_spike__of_solana__is_no_fault_of_such_chains(world: LabWorld) -> None:
    with pytest.raises(FaultUnavailable):
        world.strike(FeeSpike("solana", 5, 1))


def test_isolated__both_kinds__are_as_before(world: LabWorld) -> None:
    solana = world.solana()
    with world.isolated():
        solana.send(pay(solana, SOL))
        world.chain("left").mine()
    assert (balance(solana), world.chain("left").height()) == (0, 0)


def test_plans__drawn_for_both_kinds__are_played_and_nothing_is_paid_twice(world: LabWorld) -> None:
    """Alice sends each payment anew until it is finalized, by the same bytes."""

    @given(plans(world.places, (Halt, Reorg)))
    @tries(25)
    def check(plan: Any) -> None:
        with world.isolated():
            solana = world.solana()
            with world.by_rounds(plan.strikes):
                world.round(3)
                wire = pay(solana, SOL, level="finalized")
                for _ in range(12):
                    if world.ledger().find(Signature.from_string(world.ledger().signature_of(wire))) is None:
                        world.ledger().send(wire, is_tried=False)
                    world.round()
                assert balance(solana) == SOL

    check()


def test_simulate__an_unsigned_transaction__is_tried_unless_signatures_are_asked_for(chain: LocalSolana) -> None:
    wire = bytearray(pay(chain, SOL))
    wire[1:65] = bytes(64)
    text = base64.b64encode(wire).decode()
    for is_checked, error in ((False, None), (True, "SignatureFailure")):
        options = {"encoding": "base64", "sigVerify": is_checked}
        assert chain.rpc("simulateTransaction", text, options)["value"]["err"] == error
    with pytest.raises(NodeRefused, match="signature verification"):
        chain.send(bytes(wire))
