"""A story on three chains: every action runs on the bridges and in the books, and `check` compares the two.

Takes the actors' actions (swap, seal, commit, prove, acknowledge, execute, fill, …), valid or not; a refused
action raises Reverted and changes neither side. Used by directed traces and by the state machines alike.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.support.evm import EvmChain, Reverted
from tests.support.ledger import Ledger, Place, universal_address
from tests.support.sealed import Link, Sealed, View, genesis_link
from tests.support.statement import Prover
from tests.support.world import (
    CHAINS,
    DEPOSITORS,
    GENESIS,
    GOVERNOR,
    PRIMARY,
    RECIPIENTS,
    STRANGER,
    VALIDATOR,
    ReceiverMode,
    Side,
    Site,
    TokenMode,
    World,
)
from zklink.operations.swap import SwapPayout, SwapRequest
from zklink.protocol.errors import BlockFull
from zklink.protocol.ids import Amount, BlockNumber, ChainId, RecordKind, RequestId, TokenId
from zklink.protocol.messages import SyncMessage
from zklink.protocol.presets import MINIMAL
from zklink.transition.block import apply_block

FAR_DEADLINE = 2**40 - 1


@dataclass(frozen=True, slots=True)
class Ack:
    """A sync message with the signatures that go with it."""

    message: SyncMessage
    evidence: bytes

    def args(self) -> tuple[tuple[int, int, int, bytes], bytes]:
        """Arguments of receive_message."""
        m = self.message
        return (m.kind, m.source_chain, m.number, m.sync_hash), self.evidence


class Story:
    """The world, its books, and what has been sealed and committed so far."""

    validator = VALIDATOR

    def __init__(self, world: World) -> None:
        self.world = world
        self.prover = Prover()
        self.ledger = Ledger({(site.chain, site.token): site.scale for site in world.places()})
        for chain in CHAINS:
            for token, amount in GENESIS.reserves_of(chain):
                self.ledger.open((chain, token), amount)
        self.genesis = Sealed(None, None, GENESIS.state(MINIMAL), ())
        self.queues: dict[ChainId, list[SwapRequest]] = {chain: [] for chain in CHAINS}
        self.links: dict[ChainId, list[Link]] = {}
        self.history: dict[ChainId, list[Sealed | None]] = {}
        for chain in CHAINS:
            self.links[chain] = [genesis_link(world.genesis_root, world.deployment_hash)]
            self.history[chain] = [self.genesis]
        self.token_modes: dict[Place, TokenMode] = {}

    # -- users ---------------------------------------------------------------------------------------------------

    def swap(
        self,
        source: ChainId,
        token_in: TokenId,
        amount: int,
        destination: ChainId,
        token_out: TokenId,
        *,
        min_out: int = 0,
        operator_fee: int = 0,
        fill_fee: int = 0,
        recipient: str = RECIPIENTS[0],
        sender: str = DEPOSITORS[0],
        deadline: int = FAR_DEADLINE,
        arrives: int | None = None,
    ) -> SwapRequest:
        """Queue a request; `arrives` (layer-2 units) where a token delivers less than was sent. Raises Reverted."""
        side = self.side(source)
        site = side.sites[token_in]
        l1_amount = amount * site.scale
        amounts = (min_out, operator_fee, fill_fee)
        order = (token_in, l1_amount, destination, token_out, *amounts, universal_address(recipient), deadline)
        value = l1_amount if site.contract is None else 0
        request_id = side.bridge.swap(order, sender=sender, value=value)
        assert request_id == len(self.queues[source]) + 1, "request ids are not consecutive"
        request = SwapRequest(
            source=source,
            destination=destination,
            request_id=RequestId(request_id),
            token_in=token_in,
            token_out=token_out,
            amount=Amount(amount if arrives is None else arrives),
            min_out=Amount(min_out),
            operator_fee=Amount(operator_fee),
            fill_fee=Amount(fill_fee),
            deadline=deadline,
            queued_at=side.mini.time,
            recipient=universal_address(recipient),
            sender=universal_address(sender),
        )
        self.queues[source].append(request)
        self.ledger.swap(request)
        return request

    def order(
        self, site: Site, amount: int, destination: ChainId, token_out: TokenId, recipient: str
    ) -> tuple[object, ...]:
        """The plainest SwapOrder."""
        universal = universal_address(recipient)
        return (site.token, amount * site.scale, destination, token_out, 0, 0, 0, universal, FAR_DEADLINE)

    def fill(self, payout: SwapPayout, broker: str, words: Sequence[int] | None = None) -> None:
        """A broker pays the recipient ahead of execution. Raises Reverted."""
        site = self.side(payout.chain).sites[payout.token]
        l1_amount = (payout.amount - payout.fill_fee) * site.scale
        value = l1_amount if site.contract is None else 0
        self.side(payout.chain).bridge.fill(list(words or payout.words()), sender=broker, value=value)
        self.ledger.fill(payout.fill_key(self.world.domain), broker)

    def withdraw(self, chain: ChainId, token: TokenId, owner: str, receiver: str | None = None) -> int:
        """Pull a pending balance; gives L1 units. Raises Reverted."""
        receiver = receiver or owner
        side = self.side(chain)
        before = side.balance(token, receiver)
        if owner == side.receiver.address.lower():
            data = side.bridge.encode("withdraw_pending_balance", token, receiver)
            side.receiver.act(side.bridge.address, data)
        else:
            side.bridge.withdraw_pending_balance(token, receiver, sender=owner)
        l1_amount = self.ledger.withdraw((chain, token), owner)
        assert l1_amount > 0, "something was paid that was not pending"
        received = side.balance(token, receiver) - before
        if self.is_lying(side.sites[token]):
            self.ledger.donate((chain, token), l1_amount - received)
        else:
            assert received == l1_amount
        return l1_amount

    def donate(self, chain: ChainId, token: TokenId, l1_amount: int) -> None:
        """Give the bridge something that it did not ask for: a token transfer, or coin that no contract can refuse."""
        side = self.side(chain)
        contract = side.sites[token].contract
        if contract is None:
            force_coin(side.mini, STRANGER, side.bridge.address, l1_amount)
        else:
            contract.mint(side.bridge.address, l1_amount)
        self.ledger.donate((chain, token), l1_amount)

    # -- governor and bad tokens ---------------------------------------------------------------------------------

    def set_limits(self, chain: ChainId, token: TokenId, minimum: int, cap: int) -> None:
        """Smallest swap and largest custody, layer-2 units."""
        self.side(chain).bridge.set_token_limits(token, minimum, cap, sender=GOVERNOR)

    def set_token_mode(self, chain: ChainId, token: TokenId, mode: TokenMode, calls: bytes = b"") -> None:
        """Make a token behave badly from now on; `calls` is what it calls on the bridge when it reenters."""
        contract = self.side(chain).sites[token].contract
        assert contract is not None
        contract.set_mode(mode)
        contract.set_call(self.side(chain).bridge.address, calls)
        self.token_modes[chain, token] = mode

    def set_receiver_mode(self, chain: ChainId, mode: ReceiverMode, calls: bytes = b"") -> None:
        """Make the receiving contract behave badly from now on."""
        receiver = self.side(chain).receiver
        receiver.set_mode(mode)
        receiver.set_call(self.side(chain).bridge.address, calls)

    def is_lying(self, site: Site) -> bool:
        """Whether the token says that it paid and does not."""
        return self.token_modes.get((site.chain, site.token)) == TokenMode.LIE

    # -- sequencer and validator ---------------------------------------------------------------------------------

    def seal(self, parent: Sealed, requests: Sequence[SwapRequest], timestamp: int | None = None) -> Sealed:
        """Apply requests on top of `parent`. Raises the transition's errors."""
        state = parent.state.copy()
        number = BlockNumber(parent.number + 1)
        now = max(self.now(), parent.timestamp, *(r.queued_at for r in requests), 0)
        block = apply_block(
            state, requests, number, now if timestamp is None else timestamp, self.world.domain, MINIMAL
        )
        self.prover.learn(block)
        counts = dict(parent.counts)
        for request in requests:
            counts[request.source] = counts.get(request.source, 0) + 1
        return Sealed(parent, block, state, tuple(requests), counts)

    def waiting(self, parent: Sealed, chain: ChainId) -> list[SwapRequest]:
        """The chain's requests that are not in the history that ends with `parent`."""
        return self.queues[chain][parent.consumed(chain) :]

    def seal_waiting(self, parent: Sealed) -> Sealed:
        """Seal as many waiting requests as fit, each chain's in its order."""
        chosen: list[SwapRequest] = []
        for chain in CHAINS:
            for request in self.waiting(parent, chain):
                try:
                    self.seal(parent, [*chosen, request])
                except BlockFull:
                    break
                chosen.append(request)
        return self.seal(parent, chosen)

    def commit(self, chain: ChainId, sealed: Sealed) -> Link:
        """Commit a sealed block as it is. Raises Reverted."""
        return self.commit_view(chain, sealed.view(chain), sealed)

    def commit_view(self, chain: ChainId, view: View, sealed: Sealed | None = None, sender: str = VALIDATOR) -> Link:
        """Commit what the validator says of a block. Raises Reverted."""
        top = self.links[chain][-1]
        self.side(chain).bridge.commit_blocks(top.stored_args(), [view.commit_args()], sender=sender)
        link = top.follow(view)
        self.links[chain].append(link)
        self.history[chain].append(sealed)
        return link

    def prove(self, chain: ChainId, count: int | None = None) -> None:
        """Prove the next blocks with proofs of whatever is true about them. Raises Reverted."""
        committed, proven, _, _ = self.status(chain)
        last = committed if count is None else proven + count
        links = self.links[chain][proven + 1 : last + 1]
        for link in links:
            assert link.view is not None
            if self.prover.is_true(link.view.inputs):
                self.side(chain).verifier.allow(list(link.view.inputs.as_tuple()))
        self.side(chain).bridge.prove_blocks([link.prove_args() for link in links], sender=STRANGER)

    def revert(self, chain: ChainId, to: int) -> None:
        """Drop committed blocks above `to`. Raises Reverted."""
        self.side(chain).bridge.revert_blocks(self.links[chain][to].stored_args(), sender=VALIDATOR)
        del self.links[chain][to + 1 :]
        del self.history[chain][to + 1 :]

    def execute(
        self, chain: ChainId, count: int = 1, links: Sequence[Link] | None = None, gas: int = 30_000_000
    ) -> None:
        """Execute the next blocks. Raises Reverted."""
        if links is None:
            executed = self.status(chain)[3]
            links = self.links[chain][executed + 1 : executed + 1 + count]
        payouts = [SwapPayout.from_words(w) for link in links if link.view for w in link.view.payouts()]
        side = self.side(chain)
        before = {owner: self.pending_view(side, owner) for owner in self.owners(payouts)}
        side.bridge.execute_blocks([link.execute_args() for link in links], sender=STRANGER, gas=gas)
        self._book(side, payouts, before)

    def _book(self, side: Side, payouts: Sequence[SwapPayout], before: dict[str, dict[TokenId, int]]) -> None:
        """Each payout went out or became pending, in full; which of the two the bridge decides."""
        for payout in payouts:
            place = (payout.chain, payout.token)
            site = side.sites[payout.token]
            owner = self.ledger.pay(payout, payout.fill_key(self.world.domain))
            now = int(side.bridge.pending_balance(owner, payout.token))
            booked = before[owner][payout.token]
            if now >= booked + payout.amount * site.scale:
                self.ledger.defer(place, owner, payout.amount * site.scale)
                before[owner][payout.token] += payout.amount * site.scale
            elif self.is_lying(site):
                self.ledger.donate(place, payout.amount * site.scale)

    def owners(self, payouts: Sequence[SwapPayout]) -> set[str]:
        """Everybody who may be owed one of the payouts."""
        recipients = {"0x" + payout.recipient[12:].hex() for payout in payouts}
        return recipients | set(self.ledger.fills.values())

    @staticmethod
    def pending_view(side: Side, owner: str) -> dict[TokenId, int]:
        """What the bridge says it owes an account."""
        return {token: int(side.bridge.pending_balance(owner, token)) for token in side.sites}

    # -- sync ----------------------------------------------------------------------------------------------------

    def acknowledge(self, chain: ChainId, number: int | None = None) -> Ack:
        """What an honest committee signs about a chain: a block that it has accepted, with its hash."""
        accepted = self.status(chain)[2]
        number = accepted if number is None else number
        assert 0 < number <= accepted, "an honest committee signs only what was accepted"
        return self.sign(chain, self.links[chain][number])

    def sign(self, chain: ChainId, link: Link) -> Ack:
        """What a quorum, honest or not, signs."""
        message = SyncMessage(chain, BlockNumber(link.number), link.stored.sync_hash)
        return Ack(message, self.world.committee.sign(message, self.world.deployment_hash))

    def deliver(self, chain: ChainId, ack: Ack) -> None:
        """Hand a message to a bridge. Raises Reverted."""
        self.side(chain).bridge.receive_message(*ack.args(), sender=STRANGER)

    def apply(self, chain: ChainId, source: ChainId, number: int) -> None:
        """Announce a known message again. Raises Reverted."""
        self.side(chain).bridge.apply_message(source, number, sender=STRANGER)

    # -- dishonesty ----------------------------------------------------------------------------------------------

    def invent_request(
        self,
        source: ChainId,
        token_in: TokenId,
        amount: int,
        destination: ChainId,
        token_out: TokenId,
        request_id: int = 0,
    ) -> SwapRequest:
        """A request that nobody made, with the next free id of its chain."""
        return SwapRequest(
            source=source,
            destination=destination,
            request_id=RequestId(request_id or len(self.queues[source]) + 1),
            token_in=token_in,
            token_out=token_out,
            amount=Amount(amount),
            min_out=Amount(0),
            operator_fee=Amount(0),
            fill_fee=Amount(0),
            deadline=FAR_DEADLINE,
            queued_at=0,
            recipient=universal_address(RECIPIENTS[1]),
            sender=universal_address(STRANGER),
        )

    def force(self, chain: ChainId, sealed: Sealed) -> None:
        """A dishonest validator commits a block and a dishonest quorum says that everybody has accepted it."""
        self.commit(chain, sealed)
        self.prove(chain)
        self.acknowledge_falsely(chain)

    def force_view(self, chain: ChainId, view: View) -> None:
        """The same for a block that is not even true: the proof system is broken too."""
        link = self.commit_view(chain, view)
        self.side(chain).verifier.allow(list(view.inputs.as_tuple()))
        self.side(chain).bridge.prove_blocks([link.prove_args()])
        self.acknowledge_falsely(chain)

    def acknowledge_falsely(self, chain: ChainId) -> None:
        """A dishonest quorum tells `chain` that every other chain has accepted whatever it has proven."""
        link = self.links[chain][self.status(chain)[1]]
        for source in (PRIMARY, *CHAINS):
            if source != chain:
                self.deliver(chain, self.sign(source, link))

    # -- reading -------------------------------------------------------------------------------------------------

    def side(self, chain: ChainId) -> Side:
        """One chain."""
        return self.world.sides[chain]

    def status(self, chain: ChainId) -> tuple[int, int, int, int]:
        """Numbers of the last block committed, proven, accepted, executed."""
        committed, proven, accepted, executed = self.side(chain).bridge.status()
        return committed, proven, accepted, executed

    def now(self) -> int:
        """The primary's time."""
        return self.side(PRIMARY).mini.time

    def advance(self, seconds: int) -> None:
        """Let time pass on every chain; afterwards they agree."""
        latest = max(side.mini.time for side in self.world.sides.values())
        for side in self.world.sides.values():
            side.mini.time = latest + seconds

    def end_of(self, request: SwapRequest) -> RecordKind | None:
        """How a request ended; None if it is open."""
        return self.ledger.ends.get((request.source, request.request_id))

    # -- whole runs ----------------------------------------------------------------------------------------------

    def carry(self, sealed: Sealed) -> None:
        """Take one sealed block through its whole life on every chain."""
        for chain in CHAINS:
            self.commit(chain, sealed)
            self.prove(chain)
        self.exchange()
        for chain in CHAINS:
            self.execute(chain)

    def exchange(self) -> None:
        """Deliver what is accepted: the primary's acknowledgement first, then the others' that follow from it."""
        for source in (PRIMARY, *(chain for chain in CHAINS if chain != PRIMARY)):
            if self.status(source)[2]:
                ack = self.acknowledge(source)
                for chain in CHAINS:
                    if chain != source:
                        self.deliver(chain, ack)

    def exchange_primary(self) -> None:
        """Deliver the primary's acknowledgement only: the others accept, nobody can execute."""
        ack = self.acknowledge(PRIMARY)
        for chain in CHAINS:
            if chain != PRIMARY:
                self.deliver(chain, ack)

    def settle(self, *requests: SwapRequest) -> Sealed:
        """Seal the given requests (default: all waiting that fit) after the primary's history, and carry the block."""
        tip = self.history[PRIMARY][-1]
        assert tip is not None
        sealed = self.seal(tip, requests) if requests else self.seal_waiting(tip)
        self.carry(sealed)
        return sealed

    def drain(self) -> None:
        """Settle everything honestly from wherever the chains are: drop what is not accepted and begin there."""
        self.advance(60)
        tip = self.history[PRIMARY][self.status(PRIMARY)[2]]
        assert tip is not None
        for chain in CHAINS:
            accepted = self.status(chain)[2]
            if self.status(chain)[0] > accepted:
                self.revert(chain, accepted)
        while any(self.waiting(tip, chain) for chain in CHAINS):
            tip = self.seal_waiting(tip)
        for chain in CHAINS:
            for number in range(self.status(chain)[0] + 1, tip.number + 1):
                self.commit(chain, tip.at(number))
            if self.status(chain)[1] < tip.number:
                self.prove(chain)
        if tip.number:
            self.exchange()
        for chain in CHAINS:
            for _ in range(tip.number - self.status(chain)[3]):
                self.execute(chain)

    # -- what must hold ------------------------------------------------------------------------------------------

    def check(self) -> None:
        """SOL-1 and SOL-3 to the last unit on every chain, for every token: bridge = books, and it holds what it
        owes.
        """
        self.ledger.check()
        for site in self.world.places():
            place = (site.chain, site.token)
            side = self.side(site.chain)
            held = side.balance(site.token, side.bridge.address)
            assert side.bridge.custody(site.token) == self.ledger.custody[place], f"custody of {place}"
            owed = self.ledger.pending_total(place) + self.ledger.custody[place] * site.scale
            assert held >= owed, f"{place} holds {held}, owes {owed}"
            assert held == self.ledger.expected_balance(place), f"{place} holds {held}, not what the books say"
            balance, pending, custody = side.bridge.solvency(site.token)
            assert balance == held and pending == self.ledger.pending_total(place), f"solvency view of {place}"
            assert custody == self.ledger.custody[place], f"solvency view of {place}"

    def check_pending(self) -> None:
        """Every pending balance is the books'."""
        for (place, owner), amount in self.ledger.pending_l1.items():
            chain, token = place
            assert self.side(chain).bridge.pending_balance(owner, token) == amount, f"pending of {owner} at {place}"

    def check_settled(self) -> None:
        """SOL-4: with nothing left open, each request ended exactly once."""
        assert not self.ledger.open_requests(), "a request has no end"
        assert len(self.ledger.ends) == sum(len(queue) for queue in self.queues.values())


def force_coin(mini: EvmChain, sender: str, to: str, value: int) -> None:
    """Send coin that the receiver cannot refuse: out of a contract that destroys itself while it is created."""
    mini.evm.deploy(deployer=sender, code=bytes.fromhex("73" + to[2:] + "ff"), value=value)


def refused(action: Callable[..., object], *args: object, **options: object) -> str:
    """The reason with which a call is refused; fails if it is not."""
    try:
        action(*args, **options)
    except Reverted as error:
        return error.reason
    raise AssertionError("it was not refused")
