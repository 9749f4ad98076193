"""Gas of the contracts, whole transactions as their sender pays them, with real proofs.

Takes nothing, gives a list of figures. Everything runs on anvil, one per chain, on the rig of the unit tests: the same
bridges, tokens and committee, but the circuit `minimal`, its verifier and its prover. Storage is as in a deployment
that has been used: custody and counters are not zero before.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from eth_account import Account

from tests.support.draft import PAYEE, Draft, payment
from tests.support.metered import MeteredChain
from tests.support.permits import sign_permit
from tests.support.rig import (
    BAD,
    BROKER,
    COIN,
    LAYER2_DECIMALS,
    OLD,
    PRIMARY,
    RESERVE,
    STRANGER,
    TOKENS,
    USD,
    A,
    B,
    C,
    Node,
    Rig,
    build_rig,
    universal,
)
from zklink.operations.swap import SwapPayout, SwapRequest
from zklink.protocol.ids import Amount, BlockNumber, ChainId, RecordKind, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.prover.artifacts import ensure_circuit
from zklink.prover.groth16py_backend import Groth16pyProver
from zklink.state.genesis import Genesis
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import State
from zklink.transition.block import Block, apply_block
from zklink.witness.swap_block import compute_inputs

FILLED, UNFILLED, REFUND, DEFERRED = "filled", "nobody filled", "refund", "owed"


@dataclass(frozen=True, slots=True)
class GasFigure:
    """One measurement: gas of a whole transaction, or of one more item in it; `limit` is what it must stay below."""

    step: str
    what: str
    gas: int
    limit: int | None = None


def make_genesis() -> Genesis:
    """The rig's reserves, and two pools that own them."""
    here = tuple(RESERVE if k in (A, B, C) else 0 for k in range(1, 9))
    pool = Pool(sum(here), sum(here), 10**6, 30)
    return Genesis({token: TokenRow(here, 0) for token in TOKENS}, {(COIN, USD): pool, (OLD, BAD): pool})


def measure(report: Callable[[str], None] = lambda line: None) -> list[GasFigure]:
    """All figures. `report` is told what is being measured."""
    chains: list[MeteredChain] = []

    def open_chain(evm_chain_id: int, time: int) -> MeteredChain:
        chains.append(MeteredChain(evm_chain_id, time))
        return chains[-1]

    try:
        report("bridges on three chains")
        believing = build_rig(make_chain=open_chain)
        figures = [*_measure_users(believing), *_measure_commit(believing), *_measure_execute(believing)]
        report("real proofs")
        state = make_genesis().state(MINIMAL)
        proving = build_rig("SwapVerifierMinimal", open_chain, state.root, MINIMAL.slots, MINIMAL.token_limit)
        return [*figures, *_measure_blocks(proving, state)]
    finally:
        for chain in chains:
            chain.stop()


def gas_of(node: Node) -> int:
    """What the last transaction on a chain used."""
    assert isinstance(node.evm, MeteredChain)
    return node.evm.gas


def _measure_users(rig: Rig) -> list[GasFigure]:
    node, figures = rig[A], []

    def note(step: str, what: str) -> None:
        figures.append(GasFigure(step, what, gas_of(node)))

    for token in (COIN, USD, OLD):
        node.swap(token_in=token, token_out=USD if token != USD else COIN, **_amount(node, token))
    for token, what in ((COIN, "coin"), (USD, "ERC-20"), (OLD, "ERC-20 without return value")):
        node.swap(token_in=token, token_out=USD if token != USD else COIN, **_amount(node, token))
        note("swap", what)
    owner = Account.create("permit owner")
    node.evm.fund(owner.address)
    node.tokens[USD].mint(owner.address, 10**12)
    permit = sign_permit(node, owner, 10**6, node.evm.time + 600)
    node.bridge.swap_with_permit(node.order(l1_amount=10**6), permit, sender=owner.address)
    note("swap", "ERC-20 with permit")

    node.bridge.fill(payment(A, USD, 7_000, 99).words(), sender=BROKER)
    for token, what in ((COIN, "coin"), (USD, "ERC-20")):
        value = 7_000 * node.scale(COIN) if token == COIN else 0
        node.bridge.fill(payment(A, token, 7_000).words(), sender=BROKER, value=value)
        note("fill", what)
    return figures


def _amount(node: Node, token: TokenId) -> dict[str, Any]:
    amount = 10 * 10 ** LAYER2_DECIMALS[token] * node.scale(token)
    return {"l1_amount": amount, "value": amount if token == COIN else 0}


def _measure_commit(rig: Rig) -> list[GasFigure]:
    """On the primary: an empty block, then what requests and payouts of the own slice add."""
    node, many = rig[B], 32
    requests: list[int] = []
    for _ in range(many):
        node.swap(l1_amount=10**7 * node.scale(USD))
        requests.extend(node.request_words())
    payouts = [w for i in range(many) for w in payment(B, USD, 10**7 + i, i + 1, fill_fee=Amount(10**4)).words()]

    def commit(words: list[int], others: dict[ChainId, tuple[int, ...]] | None = None) -> int:
        with rig.rollback():
            draft = rig.draft({B: words, **(others or {})}, on=B, new_root=2**253 + 1, commitment=2**253 + 2)
            node.commit(draft)
            return gas_of(node)

    node.commit(rig.draft(on=B))
    fixed = commit([])
    claims = commit([], {A: (1, 2, 3), C: (4, 5, 6)})
    return [
        GasFigure("commit", "one block, fixed part", fixed),
        GasFigure("commit", "each other chain that the block concerns", (claims - fixed) // 2),
        GasFigure("commit", "each request in the own slice", (commit(requests) - fixed) // many, 5_000),
        GasFigure("commit", "each payout in the own slice", (commit(payouts) - fixed) // many, 2_500),
    ]


def _measure_execute(rig: Rig) -> list[GasFigure]:
    """On the primary: a block without payouts, then what each kind of payout adds, four in a block."""
    cases = [(token, case) for case in (UNFILLED, FILLED, REFUND) for token in (COIN, USD)]
    fixed = _execute(rig, [])
    figures = [GasFigure("execute", "one block, fixed part", fixed)]
    names = {COIN: "coin", USD: "ERC-20"}
    for token, case in [*cases, (COIN, DEFERRED)]:
        payouts = [_payout(token, case, i) for i in range(1, 5)]
        if case == DEFERRED:  # a token takes no coin
            payouts = [replace(payout, recipient=universal(rig[B].tokens[USD].address)) for payout in payouts]
        more = (_execute(rig, payouts, is_filled=case == FILLED) - fixed) // len(payouts)
        figures.append(GasFigure("execute", f"each payout, {names[token]}, {case}", more))
    return figures


def _payout(token: TokenId, case: str, index: int) -> SwapPayout:
    plain = payment(B, token, 10**7, index)
    if case == REFUND:
        return replace(plain, kind=RecordKind.SWAP_REFUNDED, source=B)
    return plain


def _execute(rig: Rig, payouts: list[SwapPayout], is_filled: bool = False) -> int:
    node = rig[B]
    with rig.rollback():
        for payout in payouts if is_filled else []:
            value = payout.amount * node.scale(COIN) if payout.token == COIN else 0
            node.bridge.fill(payout.words(), sender=BROKER, value=value)
        node.evm.fund(PAYEE)
        node.tokens[USD].mint(PAYEE, 1)
        number = node.status()[0] + 1
        node.commit(rig.draft({B: [w for p in payouts for w in p.words()]}, on=B))
        node.prove(*range(1, number + 1))
        if number > 1:
            node.execute(*range(1, number))
        node.execute(number)
        return gas_of(node)


def _measure_blocks(rig: Rig, state: State) -> list[GasFigure]:
    """Real blocks, committed and proven on the primary; the primary's message to another chain."""
    node = rig[PRIMARY]
    prover = Groth16pyProver(ensure_circuit(MINIMAL))
    drafts: list[Draft] = []
    proofs: list[list[int]] = []
    for number in range(1, 5):
        block = _apply(rig, state, number)
        drafts.append(_to_draft(block))
        node.commit(drafts[-1])
        proofs.append(prover.prove(compute_inputs(block)).evm())

    def prove(*numbers: int) -> int:
        items = [(*node.prove_args(n)[:2], proofs[n - 1]) for n in numbers]
        node.bridge.prove_blocks(items, sender=STRANGER)
        return gas_of(node)

    prove(1)
    with rig.rollback():
        one = prove(2)
    three = prove(2, 3, 4)
    rig[A].commit(*drafts)
    rig.announce(PRIMARY, A, number=1)
    received = gas_of(rig[A])
    return [
        GasFigure("prove", "one block", one, 280_000),
        GasFigure("prove", "each further block in the call", (three - one) // 2, 75_000),
        GasFigure("message", "three signatures", received),
    ]


def _apply(rig: Rig, state: State, number: int) -> Block:
    node = rig[PRIMARY]
    node.swap(l1_amount=10**7 * node.scale(USD), min_out=1, deadline=node.evm.time + 3_600)
    request = SwapRequest.from_words(node.request_words())
    return apply_block(state, [request], BlockNumber(number), node.evm.time, rig.domain, MINIMAL)


def _to_draft(block: Block) -> Draft:
    header = block.header
    slices = {ChainId(k): words for k, words in enumerate(block.slices) if words}
    return Draft(
        header.domain, header.number, header.timestamp, header.old_root, header.new_root, block.commitment, slices
    )


def render(figures: list[GasFigure]) -> str:
    """A Markdown table."""
    lines = ["| step | what | gas | limit |", "|---|---|---|---|"]
    for figure in figures:
        limit = f"{figure.limit:,}" if figure.limit else ""
        lines.append(f"| {figure.step} | {figure.what} | {figure.gas:,} | {limit} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(render(measure(print)))
