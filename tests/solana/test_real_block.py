"""A block of the project's own transition, with the witness and the key of the minimal circuit: the program takes it as
an EVM chain does. And the worked example of the protocol page, to the last hash.
"""

from dataclasses import replace

import pytest

from tests.spec.page import INPUTS, VALUES, read_request
from tests.support.groups import KnownGroups
from tests.support.solana.blocks import History, Made
from tests.support.solana.founding import CAKE, SOLANA, SRM, prover
from tests.support.solana.machine import key_of
from tests.support.solana.site import Site, open_site
from tests.support.upholds import upholds
from zklink.operations.swap import SwapRequest
from zklink.protocol.block_preimage import BlockPreimage, compute_member_block
from zklink.protocol.bridge_blocks import Block, FullBlock
from zklink.protocol.bridge_hashes import next_queue_hash, next_sync_hash
from zklink.protocol.commitment import pack_counts
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.ids import Amount, BlockNumber, ChainId, Lane, RequestId
from zklink.protocol.presets import MINIMAL
from zklink.solana.interface import accounts
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import State
from zklink.transition.swap_block import SwapBlock, apply_block
from zklink.witness import swap_block

BOB = key_of("bob").pubkey()


def make_state() -> State:
    """A deployment that starts with a pool, so that its first block pays on every chain."""
    state = State(MINIMAL)
    state.set_token(SRM, TokenRow((605_000_000, 0, 10_000_000, 0, 0, 0, 0, 0), Amount(0)))
    state.set_token(CAKE, TokenRow((250_000_000_000, 0, 0, 0, 0, 0, 0, 0), Amount(0)))
    state.set_pool(SRM, CAKE, Pool(600_000_000, 240_000_000_000, 12_000_000_000, 30, 8))
    return state


def as_made(site: Site, block: SwapBlock, sync_hash: bytes, proof: list[int], chain: ChainId = SOLANA) -> Made:
    """The core's block in the form for this chain."""
    header = block.header
    full = FullBlock(
        Block(Lane.SWAP, header.timestamp, pack_counts(header.counts), header.new_root, block.commitment, tuple(proof)),
        block.slices,
    )
    preimage = BlockPreimage(
        header.elements(), block.commitment, block.slice_hashes, block.header_value, block.evaluations
    )
    member = compute_member_block(full, preimage, chain)
    after = next_sync_hash(sync_hash, block.block_commitment)
    return Made(member, preimage, header.number, after, site.groups.acc(header.number, after))


@upholds("DAT-1", "VER-2")
def test_import__block_of_the_minimal_circuit__is_taken_and_paid() -> None:
    state = make_state()
    site = Site(genesis_root=state.root)
    site.found()
    site.register_all()
    history = History(site)
    site.make_holding(BOB, site.mints[SRM])
    now = site.machine.now()
    swaps = site.swap(l1_amount=9_000_000, min_out=1_000_000_000), site.swap(l1_amount=4_000_000, min_out=10**30)
    incoming = SwapRequest(
        ChainId(1), SOLANA, RequestId(1), CAKE, SRM, Amount(500_000_000), Amount(1_000_000), Amount(1_000), Amount(0),
        now + 500, now, bytes(BOB), bytes(12) + b"\xcc" * 20,
    )  # fmt: skip
    domain = compute_lane_domain(site.deployment_hash, Lane.SWAP)
    block = apply_block(state, [*swaps, incoming], BlockNumber(1), now, domain, MINIMAL)
    proof = prover().prove(swap_block.compute_inputs(block)).evm()
    made = as_made(site, block, site.deployment_hash, proof)

    account = history.bring(made)
    history.execute(account, SRM)
    refund, paid = block.payouts(SOLANA)
    before = site.balance(SRM, site.user.pubkey())
    history.pay(account, 0, refund)
    history.pay(account, 1, paid)
    assert site.balance(SRM, site.user.pubkey()) == before + 4_000_000
    assert site.balance(SRM, BOB) == paid.amount > 1_000_000
    assert site.books(SRM)["custody"] == 13_000_000 - 4_000_000 - paid.amount == site.balance(SRM, site.bridge)
    assert site.state()["root"] == state.root


@pytest.mark.parametrize("chain", [1, 2])
def test_import__worked_example__every_hash_of_the_page(chain: int) -> None:
    site = open_site()
    values = {name: number.to_bytes(32, "big") for name, number in VALUES.items()}
    site.groups = KnownGroups(values["deployment_hash"], site.groups.validators, site.groups.watchers)
    plant_example(site, chain, values)
    made = example_block(site, chain)
    history = History.__new__(History)
    history.site, history.opened = site, 0
    account = history.bring(made)
    state = site.state()
    assert state["sync_hash"] == values["sync_hash"] and state["root"] == VALUES["h4"]
    assert state["consumed"][0] == (2 if chain == 1 else 0)
    head = accounts.BLOCK.unpack(site.machine.data(account)[: accounts.BLOCK.size])
    assert head["payouts"] == 1
    assert site.groups.acc(1, values["sync_hash"]) == made.acc


def plant_example(site: Site, chain: int, values: dict[str, bytes]) -> None:
    """Make the bridge one of the example's chains, before its block, with its requests in the queue."""
    state = site.state()
    bridges = [bytes(32), *(bytes.fromhex(entry["bridge"][2:]) for entry in INPUTS["chains"]), *[bytes(32)] * 6]
    state |= {"chain": chain, "primary": 3 - chain, "chain_mask": 0b110, "formats": 0x010100, "bridges": bridges}
    state |= {"deployment_hash": values["deployment_hash"], "swap_domain": VALUES["h0"], "root": VALUES["h3"]}
    state["sync_hash"] = values["deployment_hash"]
    requests = [read_request(item) for item in INPUTS["requests"]]
    queue = bytearray(site.machine.data(site.swap_queue))
    queue_hash = values["deployment_hash"]
    for request in requests if chain == 1 else []:
        queue_hash = next_queue_hash(queue_hash, request.words())
        at = accounts.QUEUE_HEAD.size + request.request_id * accounts.SWAP_ENTRY.size
        queue[at : at + accounts.SWAP_ENTRY.size] = accounts.SWAP_ENTRY.pack(hash=queue_hash, words=request.words())
    assert queue_hash == values[f"queue_hash[{chain}]"]
    count = len(requests) if chain == 1 else 0
    state |= {"totals": [count, 0], "open_fees": [count * 450_000, 0]}
    site.machine.put(site.swap_queue, site.id, bytes(queue), 10**11)
    site.machine.put(site.bridge, site.id, accounts.BRIDGE.pack(**state), 10**10)


def words(*names: str) -> tuple[int, ...]:
    """Values of the page."""
    return tuple(VALUES[name] for name in names)


def example_block(site: Site, chain: int) -> Made:
    """The example's block for one of its chains, proven with the development key."""
    slices: list[tuple[int, ...]] = [()] * 9
    first, second = ([f"slot[{i}].w{j}" for j in range(5)] for i in (0, 1))
    slices[1] = words(*first, *second, *(f"slot[1].p{j}" for j in range(3)))
    slices[2] = words(*(f"slot[0].p{j}" for j in range(3)))
    inputs = tuple(VALUES[name] for name in ("C", "z", "lambda", "y"))
    proof = tuple(prover().forge(inputs).evm())
    block = Block(Lane.SWAP, INPUTS["timestamp"], VALUES["h2"], VALUES["h4"], VALUES["C"], proof)
    hashes = tuple(VALUES[f"slice_hash[{k}]"].to_bytes(32, "big") for k in range(9))
    preimage = BlockPreimage(
        words("h0", "h1", "h2", "h3", "h4"),
        VALUES["C"],
        hashes,
        VALUES["V_header"],
        words(*(f"V[{k}]" for k in range(9))),
    )
    member = compute_member_block(FullBlock(block, tuple(slices)), preimage, ChainId(chain))
    sync_hash = VALUES["sync_hash"].to_bytes(32, "big")
    return replace(Made(member, preimage, 1, sync_hash, site.groups.acc(1, sync_hash)))
