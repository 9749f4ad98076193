"""This system as the suite of known exploits sees a bridge: to lock is to ask for a swap of a token for itself, to mint
is to be paid at the primary out of its reserve, to burn is to ask for the way back.

A message from home is the watchers' word for a queue, with the block that serves it; a message back is the word for
blocks that the primary has accepted. Validators and provers are all corrupt here: they seal and prove whatever the
attacker wants. What is left is what contracts refuse of messages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from tests.support.star_blocks import StarBlocks
from tests.support.star_stand import (
    DEPLOYER,
    FEE_TOKEN,
    GOVERNOR,
    HERE,
    NEW,
    NO_TOKEN_THERE,
    NOTHING,
    PLAIN_TOKEN,
    PRIMARY,
    SIX_TOKEN,
    WATCHERS,
    Stand,
    scale,
    set_clocks,
)
from zklink.l1.contracts.bridge_structs import NATIVE, SwapOrder, universal_address
from zklink.lab.conformance import AWAY, ELSEWHERE, HOME, Setting
from zklink.lab.messages import EventReader, Message, name_way
from zklink.lab.sending import set_up
from zklink.lab.world import LabWorld
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.facts import QueueFact, Queues
from zklink.protocol.ids import Amount, BlockNumber, ChainId, Lane, TokenId

MOST: Final = 2**256 - 1
CONFIRMATIONS: Final = 4
REQUEST, BLOCKS, EXPIRED = "SwapRequested", "BlocksAccepted", "Expired"
"""What messages say: the first two are events of contracts, the last nobody has said."""

SAID: Final = (
    *("request_id", "token_in", "token_out", "destination", "via", "amount", "min_out", "operator_fee", "fill_fee"),
    *("deadline", "queued_at", "native_fee_gwei"),
)
"""The numbers of a request that stand in the queue; beside them two addresses."""

MEANINGLESS: Final = MappingProxyType(
    {
        "uninitialised": "every contract is whole once it is constructed: no call sets one up later",
        "refund_too_early": "one block decides between payment and refund, and the proof says by which rule; a contract"
        " sees that it is one of them",
    }
)


class RequestReader(EventReader):
    """Reads of a request what the queue holds, and no more."""

    def read(self, log: Any) -> dict[str, Any]:
        """The numbers, and the addresses of whom it pays."""
        said = EventReader.read(self, log)
        addresses = {"recipient": f"0x{bytes(said['recipient'])[12:].hex()}", "refund_to": str(said["refund_to"])}
        return {**{name: said[name] for name in SAID}, **addresses}


class StarBridge:
    """The adapter. `stand` is the system that is attacked, `copy` another one of the same groups, at home beside it.

    The attacker shows the fact that the watchers have signed for a request, whatever his block says; without
    `shows_what_was_said` the fact that his block needs.
    """

    meaningless: Mapping[str, str] = MEANINGLESS

    def __init__(
        self,
        stand: Stand,
        copy: Stand | None = None,
        *,
        confirmations: int = CONFIRMATIONS,
        shows_what_was_said: bool = True,
    ) -> None:
        self.stand, self.copy, self.world = stand, copy, stand.world
        self.confirmations, self.shows_what_was_said = confirmations, shows_what_was_said
        self.said: dict[tuple[str, int], QueueFact] = {}
        self.blocks = StarBlocks(stand, copy)
        self.locks: dict[int, SwapRequest] = {}
        self.served: dict[int, BlockNumber] = {}

    def deploy(self, world: LabWorld, setting: Setting) -> None:
        assert world is self.world and setting.is_initialised, "the stand is of this world, and whole"
        self.token, self.payer = _choose_token(setting), str(DEPLOYER.address)
        if setting.committee != WATCHERS:
            self.stand.form_groups(AWAY, setting.committee)
        if not setting.has_token:
            call = self.stand.register(HOME, NO_TOKEN_THERE, NOTHING)
            set_up(world.chain(HOME), call, GOVERNOR.address, "a token that is none", world.story)
            self.token = NO_TOKEN_THERE
        self.held = {chain: self.balance(chain, self.stand.bridge(chain).address) for chain in (HOME, AWAY)}
        set_clocks(world)
        self._carry(HOME, "bridge", REQUEST, AWAY)
        self._carry(AWAY, "history", BLOCKS, HOME)
        self._carry(AWAY, "bridge", REQUEST, HOME)

    def _carry(self, source: str, contract: str, event: str, destination: str) -> None:
        courier, chain = self.world.courier, self.world.chain
        emitter = self.stand.history(source) if contract == "history" else self.stand.bridge(source)
        route = courier.carry(
            chain(source),
            emitter,
            event,
            chain(destination),
            self.bring,
            confirmations=self.confirmations,
            committee=WATCHERS,
            digest=self.digest,
        )
        if event == REQUEST:
            courier.routes[-1] = replace(route, reader=_reader(route.reader))

    def set_up_calls(self) -> Sequence[tuple[str, Any]]:
        return [(chain, self.stand.register(chain, NEW, NATIVE)) for chain in (HOME, AWAY)]

    # -- what people do ------------------------------------------------------------------------------------------

    def give(self, owner: str, amount: int) -> None:
        self.payer = owner
        self._mint(HOME, owner, amount)

    def stock(self, owner: str, amount: int) -> None:
        self._mint(AWAY, owner, amount)

    def lock(self, recipient: str, amount: int, seconds: int) -> Any:
        """Whoever was given tokens last pays, and is refunded."""
        return self._swap(self.stand, HOME, self.token, amount, recipient, self.payer, seconds)

    def burn(self, recipient: str, amount: int) -> Any:
        return self._swap(self.stand, AWAY, self.token, amount * self._scale(AWAY), recipient, recipient)

    def bring(self, message: Message, chain: str = AWAY) -> Any:
        if message.event == EXPIRED:
            return self.blocks.forge_refund(self.locks[message.args["number"]], _evidence(message))
        if message.event == BLOCKS:
            return self.blocks.import_up_to(BlockNumber(message.args["last"]), _evidence(message))
        if _is_from(AWAY, message):
            return self.blocks.import_up_to(self.served[message.args["request_id"]], _evidence(message))
        request = read_request(HERE, message)
        return self._accept(chain, message, Payout.paid(request, request.amount))

    def fill(self, message: Message, broker: str) -> Any:
        request = read_request(HERE, message)
        words = Payout.paid(request, request.amount).words()
        return self.stand.bridge(AWAY).functions.fill(words, broker)

    def expire(self, message: Message) -> Any:
        return self._accept(AWAY, message, Payout.refunded(read_request(HERE, message)))

    def claim(self, owner: str) -> Any:
        return self.stand.bridge(HOME).functions.withdraw_pending_balance(self.token, owner, MOST)

    def refuse(self, receiver: str, is_refused: bool) -> None:
        self.world.send(HOME, self._contract(HOME).functions.refuse(receiver, is_refused), DEPLOYER.address)

    # -- what is said --------------------------------------------------------------------------------------------

    def digest(self, message: Message) -> bytes:
        """What the watchers sign. For a burn the sequencer makes the block that serves it first, if it has not yet."""
        if message.event == BLOCKS:
            return self.blocks.accepted_digest(BlockNumber(message.args["last"]))
        if _is_from(AWAY, message):
            request = read_request(PRIMARY, message)
            if request.request_id not in self.served:
                self.served[request.request_id] = self.blocks.serve(request)
            return self.blocks.accepted_digest(self.served[request.request_id])
        request = read_request(HERE, message)
        self.locks.setdefault(request.request_id, request)
        stand = self._who_said(message)
        fact = self.said.setdefault((message.source, request.request_id), self._fact(stand, request))
        return Queues((fact,)).digest(stand.deployment_hash)

    def invent_lock(self, recipient: str, amount: int, source: str | None = None) -> Message:
        now = self.world.chain(AWAY).head_timestamp()
        numbers = dict.fromkeys(SAID, 0) | {"request_id": 1, "destination": int(PRIMARY), "amount": amount}
        times = {"deadline": now + 10**6, "queued_at": now}
        args = {**numbers, "token_in": int(self.token), "token_out": int(self.token), **times}
        addresses = {"recipient": recipient, "refund_to": recipient}
        said_by = source or str(self.stand.bridge(HOME).address)
        return _invent(REQUEST, HOME, AWAY, {**args, **addresses}, said_by)

    def invent_expiry(self, number: int) -> Message:
        return _invent(EXPIRED, AWAY, HOME, {"number": number}, str(self.stand.history(AWAY).address))

    def look_alike(self, recipient: str, amount: int) -> Message:
        assert self.copy is not None, "this stand has no copy"
        bridge, token = self.copy.bridge(HOME), self.copy.tokens[PLAIN_TOKEN][HOME]
        lock = self._swap(self.copy, HOME, PLAIN_TOKEN, amount, recipient, recipient)
        for call in (token.functions.mint(DEPLOYER.address, amount), token.functions.approve(bridge.address, amount)):
            self.world.send(HOME, call, DEPLOYER.address)
        sent = self.world.send(HOME, lock, DEPLOYER.address)
        assert sent.is_done, sent.reason()
        reader = _reader(EventReader.of(self.world.chain(HOME).w3, bridge, REQUEST))
        logs = [log for log in sent.receipt()["logs"] if bytes(log["topics"][0]).hex() == reader.topic[2:]]
        return _invent(REQUEST, HOME, AWAY, reader.read(logs[0]), str(bridge.address))

    # -- what there is -------------------------------------------------------------------------------------------

    def balance(self, chain: str, owner: str) -> int:
        return int(self._contract(chain).functions.balanceOf(owner).call()) // self._scale(chain)

    def locked(self) -> int:
        return self.balance(HOME, self.stand.bridge(HOME).address) - self.held[HOME]

    def minted(self) -> int:
        return self.held[AWAY] - self.balance(AWAY, self.stand.bridge(AWAY).address)

    # -- inside --------------------------------------------------------------------------------------------------

    def _accept(self, chain: str, message: Message, payout: Payout) -> Any:
        request = read_request(HERE, message)
        fact = self._fact(self._who_said(message), request)
        if self.shows_what_was_said:
            fact = self.said.get((message.source, request.request_id), fact)
        return self.blocks.accept(chain, request, payout, fact, _evidence(message))

    def _fact(self, stand: Stand, request: SwapRequest) -> QueueFact:
        """What watchers say of a queue at home, as far as a request: what stands before it is read there."""
        before = bytes(stand.bridge(HOME).functions.queue_hash(int(Lane.SWAP), request.request_id - 1).call())
        return QueueFact(HERE, Lane.SWAP, request.request_id, next_queue_hash(before, request.words()))

    def _who_said(self, message: Message) -> Stand:
        is_ours = message.source == self.stand.bridge(HOME).address
        return self.blocks.stand_at(AWAY if is_ours else ELSEWHERE)

    @property
    def _known(self) -> TokenId:
        return PLAIN_TOKEN if self.token == NO_TOKEN_THERE else self.token

    def _contract(self, chain: str) -> Any:
        return self.stand.tokens[self._known][chain]

    def _scale(self, chain: str) -> int:
        return scale(chain, self._known)

    def _mint(self, chain: str, owner: str, amount: int) -> None:
        call = self._contract(chain).functions.mint(owner, amount * self._scale(chain))
        self.world.send(chain, call, DEPLOYER.address)

    def _swap(
        self,
        stand: Stand,
        chain: str,
        token: TokenId,
        l1_amount: int,
        recipient: str,
        refund_to: str,
        seconds: int = 10**6,
    ) -> Any:
        deadline, there = self.world.chain(chain).head_timestamp() + seconds, PRIMARY if chain == HOME else HERE
        amounts, whom = (Amount(1), Amount(0), Amount(0)), universal_address(recipient)
        order = SwapOrder(token, l1_amount, there, token, *amounts, whom, deadline)
        return stand.bridge(chain).functions.swap(order.abi(refund_to))


def read_request(source: ChainId, message: Message) -> SwapRequest:
    """The request that a message speaks of."""
    fields: dict[str, Any] = {name: message.args[name] for name in SAID}
    recipient, refund_to = (universal_address(message.args[name]) for name in ("recipient", "refund_to"))
    return SwapRequest(source=source, recipient=recipient, refund_to=refund_to, **fields)


def _evidence(message: Message) -> bytes:
    return b"".join(message.signatures)


def _choose_token(setting: Setting) -> TokenId:
    if setting.fee_percent:
        return FEE_TOKEN
    return SIX_TOKEN if setting.decimals == 6 else PLAIN_TOKEN


def _reader(reader: EventReader) -> RequestReader:
    return RequestReader(reader.address, reader.name, reader.topic, reader._contract)


def _is_from(chain: str, message: Message) -> bool:
    return message.event == REQUEST and message.way.startswith(f"{chain} ")


def _invent(event: str, source: str, destination: str, args: dict[str, Any], said_by: str) -> Message:
    return Message(name_way(source, destination), event, 1, args, said_by, "0x" + "00" * 32, 0, DEPLOYER.address)
