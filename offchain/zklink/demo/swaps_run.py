"""One demo run: open a devnet, send the swaps at their times through the client, watch until all are done, check
everything.

Takes options and a view; gives a `DemoResult`. The users know the node's API and the chains' nodes, as any program
does; only the view and the audit look at the node itself.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3.types import HexStr

from zklink.client.client import Client
from zklink.client.wallet import Wallet
from zklink.demo.audit import find_problems, read_balances, read_received
from zklink.demo.model import DemoOptions, DemoResult, DemoRun, DemoView, Ticket
from zklink.demo.network.running import open_network
from zklink.demo.network.serving import Network, NetworkOptions
from zklink.devnet.tokens import describe_left_out
from zklink.history.swaps import Timeline
from zklink.l1.contracts.bridge_events import SwapRequested
from zklink.l1.transport.receipts import decode_receipt
from zklink.node.events import Event, TransactionMined
from zklink.primitives.keccak import keccak256
from zklink.protocol.errors import DemoStuck, StillWaiting, ZkLinkError
from zklink.protocol.ids import NO_TOKEN
from zklink.prover.progress import Progress
from zklink.service.reconcile import reconcile

PAUSE_SECONDS: Final = 0.05
SETTLED_SECONDS: Final = 0.5
"""Between two questions whether the node has nothing to do any more."""

MINED_SECONDS: Final = 60.0
WAIT_SECONDS: Final = 3.0
"""How long a user waits before looking whether the run is over."""

WhenDone = Callable[[DemoResult, Network], None]


def run_demo(
    options: DemoOptions, view: DemoView, progress: Progress, when_done: WhenDone = lambda result, network: None
) -> DemoResult:
    """Run everything; `when_done` is called while the network still runs. Raises the errors of opening it, DemoStuck if
    its node stops.
    """
    began = time.monotonic()
    network_options = NetworkOptions(
        options.preset, options.profiles, options.pools, port=options.port, has_real_proofs=True
    )
    with open_network(network_options, progress, view.say) as network:
        run = _prepare(options, network)
        _introduce(run, view)
        before = read_balances(run)
        run.setup_seconds = time.monotonic() - began
        is_complete = _drive(run, view)
        run_seconds = time.time() - run.start
        deployment, bridges = run.system.deployment, run.system.bridges
        found = network.ask(lambda: reconcile(deployment, bridges, network.node.sequencer))
        balances = read_balances(run, before)
        problems = find_problems(run, found, balances, read_received(run), is_complete)
        result = DemoResult(run, found, balances, run.setup_seconds, run_seconds, problems)
        when_done(result, network)
        return result


def _prepare(options: DemoOptions, network: Network) -> DemoRun:
    """A run whose records begin now: what founded the network is none of its blocks."""
    tickets = tuple(Ticket(story, _recipient(index)) for index, story in enumerate(options.stories))
    events: SimpleQueue[Event] = SimpleQueue()
    run = DemoRun(options, network, Timeline(network.system.bridges), tickets, events)
    network.node.listen(events.put)
    return run


def _recipient(index: int) -> LocalAccount:
    """A fresh account for each story, so that its final balance is the story's payout."""
    account: LocalAccount = Account.from_key(keccak256(f"demo recipient {index}".encode()))
    return account


def _introduce(run: DemoRun, view: DemoView) -> None:
    for artifacts in run.circuits.values():
        key = artifacts.vk_hash.hex()[:16]
        view.say(f"circuit {artifacts.name}: {artifacts.constraints:,} constraints, key {key}")
    for profile in run.system.world.profiles:
        view.say(
            f"{profile.name}: EVM chain {profile.evm_chain_id}, a block every {profile.block_time_seconds:g} s, "
            f"{profile.confirmations} confirmations"
        )
    deployment = run.system.deployment
    primary = run.chain_name(deployment.primary)
    count = len(run.system.bridges)
    view.say(f"deployment {deployment.deployment_hash.hex()[:16]} on {count} chains, primary chain {primary}")
    for line in describe_left_out(run.system.left_out):
        view.say(line)
    view.say(f"to watch it in a browser: {run.network.url}/")


def _drive(run: DemoRun, view: DemoView) -> bool:
    """Send and watch until everything is done, or time is up; true if it is done."""
    run.start = time.time()
    view.begin(run)
    waiting = sorted(run.tickets, key=lambda ticket: ticket.story.seconds)
    # One account sends them all: one after the other, for its nonces' sake.
    with ThreadPoolExecutor(1, thread_name_prefix="user") as user, ThreadPoolExecutor(len(waiting)) as watchers:
        sending: list[Future[None]] = []
        try:
            while not _is_finished(run, sending):
                elapsed = time.time() - run.start
                if elapsed > run.options.timeout_seconds:
                    return False
                while waiting and waiting[0].story.seconds <= elapsed:
                    sending.append(user.submit(_send, run, waiting.pop(0), watchers))
                _take_events(run, view)
                view.refresh()
                time.sleep(PAUSE_SECONDS)
            _take_events(run, view)
            return True
        finally:
            run.is_over = True
            view.end()


def _is_finished(run: DemoRun, sending: Sequence[Future[None]]) -> bool:
    """Whether every swap is final for its user, and every block executed everywhere. Raises DemoStuck, and what is
    nobody's refusal but a mistake.
    """
    if run.network.failure is not None:
        raise DemoStuck(f"the node: {run.network.failure}", run.options.timeout_seconds)
    for future in sending:
        if future.done():
            future.result()
    if not all(ticket.error is not None or ticket.state is not None for ticket in run.tickets):
        return False
    time.sleep(SETTLED_SECONDS)
    return run.network.ask(run.network.node.is_settled)


def _take_events(run: DemoRun, view: DemoView) -> None:
    """Everything that the node has told since the last time."""
    while True:
        try:
            event = run.events.get_nowait()
        except Empty:
            return
        run.timeline.take(event)
        if isinstance(event, TransactionMined):
            run.transactions.append(event)
        view.take(event)


def _send(run: DemoRun, ticket: Ticket, watchers: ThreadPoolExecutor) -> None:
    """Quote and send the user's one transaction; somebody else waits for it."""
    story = ticket.story
    try:
        client = run.network.open_client()
        quote = client.quote(
            story.source,
            story.token_in.token_id,
            story.amount,
            story.destination,
            story.token_out.token_id,
            via=NO_TOKEN if story.via is None else story.via.token_id,
            fill_fee=story.fill_fee or None,
        )
        # The user insists on the story's least output, also where the quote gives less: then the swap is refunded.
        insisted = replace(quote, min_out=story.min_out)
        wallet = Wallet.from_account(run.system.world.roles.depositor)
        ticket.sent_at = time.time()
        sent = client.swap(wallet, insisted, recipient=ticket.recipient.address)
    except ZkLinkError as error:
        ticket.error = str(error)
        return
    watchers.submit(_follow, run, ticket, client, sent.tx_hash)


def _follow(run: DemoRun, ticket: Ticket, client: Client, tx_hash: str) -> None:
    """Wait for a swap as its user does: its block, and then what the API says of it."""
    try:
        bridge = run.system.bridges[run.chain_id(ticket.story.source)]
        w3 = run.system.world.by_name(ticket.story.source).w3
        receipt = decode_receipt(w3.eth.wait_for_transaction_receipt(HexStr(tx_hash), MINED_SECONDS, PAUSE_SECONDS))
        requested = next(event for event in bridge.events_of(receipt) if isinstance(event, SwapRequested))
        ticket.fee_gwei = requested.request.native_fee_gwei
        ticket.mined_at, ticket.receipt = time.time(), receipt
        ticket.key = requested.request.source, requested.request.request_id
        while ticket.state is None and not run.is_over:
            with suppress(StillWaiting):
                ticket.state = client.wait(tx_hash, WAIT_SECONDS).state
    except Exception as error:
        ticket.error = f"{type(error).__name__}: {error}"
