"""One demo run: open the chains, deploy, send the swaps at their times, drive the node until all are done, check
everything.

Takes options and a view; gives a `DemoResult`. Never sends a transaction that a user, a node, a signer or a
broker would not send.
"""

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from zklink.demo.audit import find_problems, read_balances, read_received
from zklink.demo.liquidity import fund_pools
from zklink.demo.model import DemoOptions, DemoResult, DemoRun, DemoView, Ticket
from zklink.demo.prepare import prepare
from zklink.demo.stories import Story
from zklink.devnet.pools import DEFAULT_POOLS, PlannedDeposit, PoolPlan
from zklink.devnet.tokens import describe_left_out
from zklink.devnet.world import World, open_world
from zklink.l1.contracts.bridge_events import SwapRequested
from zklink.l1.contracts.bridge_structs import SwapOrder, universal_address
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import NO_TOKEN, Amount, Lane
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.progress import Progress
from zklink.prover.source import Statement
from zklink.service.reconcile import reconcile

DEADLINE_SECONDS: Final = 7_200
PAUSE_SECONDS: Final = 0.02
NO_FEE: Final = Amount(0)
STATEMENTS: Final = {Lane.SWAP: Statement.SWAP, Lane.ACCOUNT: Statement.ACCOUNT}


def run_demo(options: DemoOptions, view: DemoView, progress: Progress) -> DemoResult:
    """Run everything. Raises the errors of building circuits, opening chains and deploying."""
    began = time.monotonic()
    circuits = {lane: ensure_circuit(options.preset, progress, statement) for lane, statement in STATEMENTS.items()}
    for artifacts in circuits.values():
        key = artifacts.vk_hash.hex()[:16]
        view.say(f"circuit {artifacts.name}: {artifacts.constraints:,} constraints, key {key}")
    with open_world("anvil", options.profiles) as world:
        _introduce(world, view)
        run = prepare(options, world, circuits, progress)
        deployment = run.system.deployment
        primary = world[deployment.primary].profile.name
        view.say(f"deployment {deployment.deployment_hash.hex()[:16]} on {len(world)} chains, primary chain {primary}")
        for line in describe_left_out(run.system.left_out):
            view.say(line)
        world.start_clocks()
        fund_pools(run.system, run.node, _select_pools(options.stories), _plan_reserves(run), progress)
        before = read_balances(run)
        setup_seconds = time.monotonic() - began
        is_complete = _drive(run, view)
        run_seconds = time.time() - run.start
        world.stop_clocks()
        found = reconcile(deployment, run.system.bridges, run.node.sequencer)
        balances = read_balances(run, before)
        problems = find_problems(run, found, balances, read_received(run), is_complete)
        return DemoResult(run, found, balances, setup_seconds, run_seconds, problems)


def _select_pools(stories: Sequence[Story]) -> tuple[PoolPlan, ...]:
    """The local pools that these stories trade in."""
    pairs = {tuple(sorted(leg)) for story in stories for leg in story.legs}
    return tuple(pool for pool in DEFAULT_POOLS if pool.pair in pairs)


def _plan_reserves(run: DemoRun) -> tuple[PlannedDeposit, ...]:
    """The deposits that chains need for stories that only move a token there."""
    moves = [story for story in run.options.stories if story.token_in.token_id == story.token_out.token_id]
    return tuple(PlannedDeposit(run.chain_id(s.destination), s.token_out.token_id, s.amount) for s in moves)


def _introduce(world: World, view: DemoView) -> None:
    for chain in world:
        profile = chain.profile
        view.say(
            f"{profile.name}: EVM chain {profile.evm_chain_id}, a block every {profile.block_time_seconds:g} s, "
            f"{profile.confirmations} confirmations"
        )


def _drive(run: DemoRun, view: DemoView) -> bool:
    """Send and step until everything is done, or time is up; true if it is done."""
    run.node.listen(view.take)
    run.start = time.time()
    view.begin(run)
    waiting = sorted(run.tickets, key=lambda ticket: ticket.story.seconds)
    sending: list[Future[None]] = []
    with ThreadPoolExecutor(max(1, len(waiting)), thread_name_prefix="user") as users:
        try:
            while not run.is_finished():
                elapsed = time.time() - run.start
                if elapsed > run.options.timeout_seconds:
                    return False
                while waiting and waiting[0].story.seconds <= elapsed:
                    sending.append(users.submit(_send, run, waiting.pop(0)))
                for future in sending:
                    if future.done():
                        future.result()  # raises what is nobody's refusal but a mistake
                run.node.step()
                view.refresh()
                time.sleep(PAUSE_SECONDS)
            return True
        finally:
            view.end()
            run.node.close()


def _send(run: DemoRun, ticket: Ticket) -> None:
    """Send the user's one transaction."""
    story, system = ticket.story, run.system
    bridge = system.bridges[run.chain_id(story.source)]
    l1_amount = story.amount * story.token_in.scale(story.source)
    ticket.sent_at = time.time()
    try:
        order = SwapOrder(
            token_in=story.token_in.token_id,
            l1_amount=l1_amount,
            destination=run.chain_id(story.destination),
            token_out=story.token_out.token_id,
            min_out=story.min_out,
            operator_fee=NO_FEE,
            fill_fee=story.fill_fee,
            recipient=universal_address(ticket.recipient.address),
            deadline=bridge.client.head().timestamp + DEADLINE_SECONDS,
            via=NO_TOKEN if story.via is None else story.via.token_id,
        )
        receipt = bridge.swap(system.world.roles.depositor, order)
    except ZkLinkError as error:
        ticket.error = str(error)
        return
    requested = next(event for event in bridge.events_of(receipt) if isinstance(event, SwapRequested))
    ticket.fee_gwei = requested.request.native_fee_gwei
    ticket.mined_at, ticket.receipt = time.time(), receipt
    ticket.key = requested.request.source, requested.request.request_id
