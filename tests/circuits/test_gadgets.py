"""The gadgets one by one, at the edges of what they are sized for, and against the primitives of the package."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.circuits import Circuit, open_gadget
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.operations.full_exit import FullExitRequest
from zklink.primitives.field import R
from zklink.primitives.merkle import SparseMerkleTree
from zklink.protocol.chain_sets import has_chain, list_chains
from zklink.protocol.commitment import aggregate
from zklink.protocol.errors import WitnessUnsatisfied
from zklink.protocol.ids import AccountId, Amount, ChainId, ChainSet, RequestId, TokenId
from zklink.protocol.slices import evaluate
from zklink.state.rows import TokenRow
from zklink.transition.full_exit import choose_paying_chain, compute_full_exit_amount, is_final_serving
from zklink.transition.swap import compute_out
from zklink.witness.signals import Signal

REGISTER, AMOUNT = 2**119 - 1, 2**112 - 1
scalars = st.sampled_from([0, 1, R - 1]) | st.integers(0, R - 1)


def run(circuit: Circuit, **inputs: Signal) -> dict[str, int]:
    """Every signal of the witness; each row is checked."""
    values = circuit.compute(inputs)
    assert circuit.checker.find_violations(values) == []
    return circuit.name(values)


@upholds("CIR-1")
@pytest.mark.parametrize(("a", "b"), [(0, 0), (1, 0), (0, 1), (2**40 - 1, 0), (0, 2**40 - 1), (77, 77), (76, 77)])
def test_is_at_least__within_its_width__compares(a: int, b: int) -> None:
    assert run(open_gadget("lib/compare.circom", "IsAtLeast", 40), a=a, b=b)["main.out"] == int(a >= b)


@upholds("CIR-1")
@pytest.mark.parametrize(("a", "b"), [(2**40, 0), (0, 2**40 + 1), (R - 2**40 - 1, 0), (R // 2, 0), (0, R // 2)])
def test_is_at_least__beyond_its_width__has_no_witness(a: int, b: int) -> None:
    with pytest.raises(WitnessUnsatisfied):
        open_gadget("lib/compare.circom", "IsAtLeast", 40).compute({"a": a, "b": b})


@upholds("CIR-4")
@tries(60)
@given(
    x=st.sampled_from([0, 1, REGISTER]) | st.integers(0, REGISTER),
    y=st.sampled_from([0, 1, AMOUNT]) | st.integers(0, AMOUNT),
    fee=st.sampled_from([0, 30, 9_999]),
    dx=st.sampled_from([1, AMOUNT]) | st.integers(1, AMOUNT),
)
def test_constant_product__over_its_whole_range__is_the_floor(x: int, y: int, fee: int, dx: int) -> None:
    circuit = open_gadget("lib/ratio.circom", "ConstantProduct")
    assert run(circuit, x=x, y=y, fee=fee, dx=dx, padding=0)["main.out"] == compute_out(dx, x, y, fee)


@upholds("CIR-4")
def test_constant_product__with_the_largest_registers__does_not_wrap() -> None:
    """y = 2^119 - 1 on an empty side would pay more than an amount: refused, not wrapped."""
    circuit = open_gadget("lib/ratio.circom", "ConstantProduct")
    full = {"x": REGISTER, "y": REGISTER, "fee": 0, "dx": AMOUNT, "padding": 0}
    named = run(circuit, **full)
    assert named["main.dividend"] == REGISTER * AMOUNT * 10_000 < R
    assert named["main.divisor"] == REGISTER * 10_000 + AMOUNT * 10_000 < 2**133
    with pytest.raises(WitnessUnsatisfied):
        circuit.compute(full | {"x": 0})


@upholds("CIR-2")
def test_constant_product__of_nothing__is_nothing() -> None:
    named = run(open_gadget("lib/ratio.circom", "ConstantProduct"), x=0, y=0, fee=0, dx=0, padding=1)
    assert named["main.out"] == 0


@upholds("CIR-9")
@pytest.mark.parametrize("index", [0, 1, 2, 3, 5, 10, 15])
def test_merkle_replace__at_every_place__is_the_tree_of_the_package(index: int) -> None:
    tree = SparseMerkleTree(2, 7)
    tree.update({i: 100 + i for i in range(0, 16, 3)})
    before, path, leaf = tree.root, tree.path(index), tree.leaf(index)
    tree.set(index, 555)
    circuit = open_gadget("lib/merkle4.circom", "MerkleReplace", 2)
    bits: list[Signal] = [index >> i & 1 for i in range(4)]
    siblings: list[Signal] = [[*level] for level in path]
    named = run(circuit, index_bits=bits, path=siblings, leaf_before=leaf, leaf_after=555)
    assert (named["main.root_before"], named["main.root_after"]) == (before, tree.root)


@upholds("DAT-1", "VER-8")
@tries(20)
@given(st.lists(scalars, min_size=5, max_size=5), scalars, st.integers(0, 8), st.lists(scalars, min_size=8, max_size=8))
def test_append_record__to_the_selected_slice__is_horner(
    words: list[int], z: int, chain: int, values: list[int]
) -> None:
    record = run(open_gadget("lib/slices.circom", "Horner", 5), words=[*words], z=z)["main.out"]
    assert record == evaluate(words, z)
    selected: list[Signal] = [int(k == chain) for k in range(1, 9)]
    append = open_gadget("lib/slices.circom", "AppendRecord")
    named = run(append, selected=selected, value=[*values], factor=pow(z, 5, R), record=record)
    expected = [(v * pow(z, 5, R) + record) % R if k == chain else v for k, v in enumerate(values, start=1)]
    assert [named[f"main.next[{k}]"] for k in range(8)] == expected


@upholds("VER-8")
@tries(20)
@given(scalars, scalars, st.lists(scalars, min_size=9, max_size=9))
def test_aggregate__of_nine_slices__is_that_of_the_package(header: int, lambda_: int, values: list[int]) -> None:
    inputs: dict[str, Signal] = {"header": header, "data": values[0], "value": [*values[1:]], "lambda": lambda_}
    named = run(open_gadget("lib/slices.circom", "Aggregate"), **inputs)
    assert named["main.out"] == aggregate(header, values, lambda_)


def ask(source: int, mask: int) -> FullExitRequest:
    """A full exit of which only who asked and who may pay matter."""
    owner = b"\xa1" * 32
    return FullExitRequest(
        ChainId(source), RequestId(0), AccountId(1), TokenId(1), owner, owner, ChainSet(mask | 1 << (source - 1)), 0
    )


reserves = st.lists(st.sampled_from([0, 0, 1, AMOUNT]) | st.integers(0, AMOUNT), min_size=8, max_size=8)


def choose(request: FullExitRequest, row: TokenRow) -> dict[str, int]:
    """The gadget's signals."""
    bits = [int(k == request.source) for k in range(1, 9)]
    mask = [int(has_chain(request.mask, ChainId(k))) for k in range(1, 9)]
    circuit = open_gadget("lib/serving.circom", "PayingChain")
    return run(circuit, is_asker=[*bits], mask=[*mask], reserve=[*row.reserves])


def check_choice(request: FullExitRequest, row: TokenRow) -> None:
    """The gadget chooses the chain that the package chooses, and counts the chains that could pay."""
    named = choose(request, row)
    payer = choose_paying_chain(row, request)
    assert [named[f"main.is_payer[{k}]"] for k in range(8)] == [int(k + 1 == payer) for k in range(8)]
    count = sum(row.reserve(chain) > 0 for chain in list_chains(request.mask))
    assert (named["main.has_reserve"], named["main.is_dry"]) == (count, int(not count))


@upholds("CIR-8", "EXI-5")
@pytest.mark.parametrize("source", range(1, 9))
def test_paying_chain__of_every_mask__is_that_of_the_package(source: int) -> None:
    """All masks, with two different rows: every other chain dry, and all chains but the source."""
    for row in (TokenRow((0, 3, 0, 5, 0, 1, 0, 2), 0), TokenRow(tuple(int(k != source) for k in range(1, 9)), 0)):
        for mask in range(256):
            if has_chain(ChainSet(mask), ChainId(source)):
                check_choice(ask(source, mask), row)


@upholds("CIR-8", "EXI-5")
@tries(100)
@given(st.integers(1, 8), st.integers(0, 255), reserves)
def test_paying_chain__of_any_reserves__is_that_of_the_package(source: int, mask: int, held: list[int]) -> None:
    check_choice(ask(source, mask), TokenRow(tuple(held), 0))


@upholds("CIR-2")
@given(reserves)
@tries(10)
def test_paying_chain__where_nobody_asks__is_none(held: list[int]) -> None:
    circuit = open_gadget("lib/serving.circom", "PayingChain")
    named = run(circuit, is_asker=[0] * 8, mask=[0] * 8, reserve=[*held])
    assert not any(named[f"main.is_payer[{k}]"] for k in range(8))


@upholds("CIR-8", "EXI-5")
@tries(100)
@given(st.integers(1, 8), st.integers(0, 255), reserves, st.sampled_from([0, 1, AMOUNT]) | st.integers(0, AMOUNT))
def test_is_served_in_part__of_any_balance__is_what_the_package_says(
    source: int, mask: int, held: list[int], balance: int
) -> None:
    request, row = ask(source, mask), TokenRow(tuple(held), 0)
    named, payer = choose(request, row), choose_paying_chain(row, request)
    amount = compute_full_exit_amount(Amount(balance), row.reserve(payer))
    is_final = is_final_serving(Amount(balance - amount), row.add(payer, -amount), request)
    circuit = open_gadget("lib/serving.circom", "IsServedInPart")
    inputs = {name: named[f"main.{name}"] for name in ("has_reserve", "is_dry")}
    covered = int(row.reserve(payer) >= balance)
    assert run(circuit, is_own=1, covered=covered, **inputs)["main.out"] == int(not is_final)
    assert run(circuit, is_own=0, covered=covered, **inputs)["main.out"] == 0
