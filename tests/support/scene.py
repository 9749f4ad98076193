"""Users, tokens and the governor on three chains: every action runs on the bridges and in the books.

Takes what they do, valid or not; a refused action raises Reverted and changes neither side.
"""

from collections.abc import Sequence

from tests.support.evm import EvmChain
from tests.support.ledger import Ledger, Place, universal_address
from tests.support.sealed import Link, Sealed, genesis_link
from tests.support.statement import Prover
from tests.support.world import (
    CHAINS,
    DEPOSITORS,
    GOVERNOR,
    PRIMARY,
    RECIPIENTS,
    STRANGER,
    VALIDATOR,
    OnWorld,
    ReceiverMode,
    Site,
    TokenMode,
    World,
    make_state,
    reserves_of,
)
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import Amount, ChainId, Kind, RequestId, TokenId

FAR_DEADLINE = 2**40 - 1


class Scene(OnWorld):
    """The world, its books, and what has been queued, sealed and committed so far."""

    validator = VALIDATOR

    def __init__(self, world: World, ledger: type[Ledger] = Ledger) -> None:
        self.world = world
        self.prover = Prover()
        self.ledger = ledger({(site.chain, site.token): site.scale for site in world.places()})
        for chain in CHAINS:
            for token, amount in reserves_of(chain):
                self.ledger.open((chain, token), amount)
        self.genesis = Sealed(None, None, make_state(), ())
        self.queues: dict[ChainId, list[SwapRequest]] = {chain: [] for chain in CHAINS}
        self.links: dict[ChainId, list[Link]] = {}
        self.history: dict[ChainId, list[Sealed | None]] = {}
        for chain in CHAINS:
            self.links[chain] = [genesis_link(world.genesis_root, world.deployment_hash)]
            self.history[chain] = [self.genesis]
        self.token_modes: dict[Place, TokenMode] = {}

    # -- reading -------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """The primary's time."""
        return self.side(PRIMARY).mini.time

    def advance(self, seconds: int) -> None:
        """Let time pass on every chain; afterwards they agree."""
        latest = max(side.mini.time for side in self.world.sides.values())
        for side in self.world.sides.values():
            side.mini.time = latest + seconds

    def end_of(self, request: SwapRequest) -> Kind | None:
        """How a request ended; None if it is open."""
        return self.ledger.ends.get((request.source, request.request_id))

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

    def fill(self, payout: Payout, broker: str, words: Sequence[int] | None = None) -> None:
        """A broker pays the recipient ahead of execution. Raises Reverted."""
        site = self.side(payout.chain).sites[payout.token]
        l1_amount = (payout.amount - payout.fill_fee) * site.scale
        value = l1_amount if site.contract is None else 0
        self.side(payout.chain).bridge.fill(list(words or payout.words()), sender=broker, value=value)
        self.ledger.fill(payout.fill_key(self.world.deployment_hash), broker)

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
        elif self.token_modes.get((chain, token), TokenMode.HONEST) & TokenMode.FEE:
            assert received < l1_amount, "the token keeps a fee of what the bridge has sent in full"
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
        self.side(chain).registry.set_token_limits(token, minimum, cap, sender=GOVERNOR)

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


def force_coin(mini: EvmChain, sender: str, to: str, value: int) -> None:
    """Send coin that the receiver cannot refuse: out of a contract that destroys itself while it is created."""
    mini.evm.deploy(deployer=sender, code=bytes.fromhex("73" + to[2:] + "ff"), value=value)
