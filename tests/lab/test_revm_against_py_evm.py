"""revm against py-evm: the same bytecode and the same transactions leave the same receipts and the same state."""

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.lab.programs import CONTRACTS, PRECOMPILES, SLOTS, STRANGERS, programs
from tests.lab.py_evm_reference import PyEvm, Result
from tests.support.engines import note_engine
from tests.support.tries import tries
from zklink.lab.accounts import funded_account
from zklink.lab.revm.blocks import Receipt
from zklink.lab.revm.chain import Pending, RevmChain
from zklink.lab.revm.state import Account, Address, Changes
from zklink.lab.revm.transactions import compute_intrinsic_gas

CHAIN, START = 4_001, 1_800_000_000
MINER = Address("0x" + "99" * 20)
GWEI = 10**9


@dataclass(frozen=True, slots=True)
class Asked:
    """A transaction to be: who sends it, how, with how much gas above what it costs before anything runs."""

    sender: int
    kind: int
    to: str | None
    value: int
    data: bytes
    gas: int
    tip: int
    access_list: tuple[tuple[str, tuple[int, ...]], ...]


targets = st.sampled_from([*CONTRACTS, *CONTRACTS, *STRANGERS, *PRECOMPILES])
asked = st.builds(
    Asked,
    sender=st.integers(0, 1),
    kind=st.integers(0, 2),
    to=targets,
    value=st.sampled_from([0, 0, 1, 10**18]),
    data=st.one_of(st.binary(max_size=70), st.sampled_from([b"\x01".ljust(192, b"\x00"), bytes(192)])),
    gas=st.sampled_from([0, 10_000, 60_000, 300_000]),
    tip=st.integers(0, 2 * GWEI),
    access_list=st.lists(
        st.tuples(targets, st.lists(st.integers(0, SLOTS - 1), max_size=3).map(tuple)), max_size=2
    ).map(tuple),
)
creations = st.builds(
    lambda plain, code: Asked(plain.sender, plain.kind, None, plain.value, code, plain.gas, plain.tip, ()),
    asked,
    programs,
)


def sign(chain: RevmChain, item: Asked) -> bytes:
    """The transaction's bytes, with the sender's next nonce."""
    account = funded_account(item.sender)
    listed = item.access_list if item.kind else ()
    entries = [(Address(address), slots) for address, slots in listed]
    fields: dict[str, Any] = {
        "chainId": CHAIN,
        "nonce": chain.state.account(Address(account.address.lower())).nonce,
        "gas": compute_intrinsic_gas(item.data, item.to is None, entries) + item.gas,
        "value": item.value,
        "data": item.data,
        "to": bytes.fromhex(item.to[2:]) if item.to else b"",
    }
    if item.kind:
        fields["type"] = item.kind
        fields["accessList"] = [
            {"address": address, "storageKeys": [f"0x{slot:064x}" for slot in slots]} for address, slots in listed
        ]
    if item.kind == 2:
        fields |= {"maxFeePerGas": 5 * GWEI, "maxPriorityFeePerGas": item.tip}
    else:
        fields["gasPrice"] = GWEI + item.tip
    return bytes(account.sign_transaction(fields).raw_transaction)


def result_of(receipt: Receipt) -> Result:
    logs = tuple((bytes.fromhex(log.address[2:]), log.topics, log.data) for log in receipt.logs)
    return Result(receipt.is_success, receipt.gas_used, receipt.output, logs)


def build_chain(codes: list[bytes]) -> RevmChain:
    chain = RevmChain(CHAIN, START)
    chain.coinbase = MINER
    accounts = {Address(address): Account(10, 1, code) for address, code in zip(CONTRACTS, codes, strict=True)}
    chain.change(Changes(accounts, {(Address(CONTRACTS[0]), 1): 7, (Address(CONTRACTS[1]), 0): 1}))
    return chain


@given(
    codes=st.lists(programs, min_size=3, max_size=3),
    transactions=st.lists(st.one_of(asked, asked, creations), min_size=1, max_size=3),
)
@tries(200)
def test_apply__any_programs_and_transactions__as_on_py_evm(codes: list[bytes], transactions: list[Asked]) -> None:
    note_engine("revm")
    chain = build_chain(codes)
    reference = PyEvm(chain)
    for item in transactions:
        chain.order(Pending(base_fee=GWEI))
        raw = sign(chain, item)
        expected = reference.apply(raw)
        receipt = chain.find_receipt(chain.send_raw(raw))
        assert receipt is not None
        assert result_of(receipt) == expected
    for address in chain.state.accounts:
        account = chain.state.account(address)
        assert (account.balance, account.nonce, account.code) == reference.account(address), address
        for key in range(SLOTS):
            assert chain.state.slot((address, key)) == reference.slot(address, key), (address, key)
