"""A deployment at work: users' requests, the sequencer's one line of blocks, and what each chain has of them.

Takes one action at a time and runs it on the chains; `check` compares a bridge with the states of the line. Everything
that comes into a bridge or leaves it is measured at the accounts of those who pay and are paid.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from tests.properties.lifetime.actors import (
    PRESET,
    WALLET_CHAIN,
    Person,
    Stage,
    acting_owner,
    genesis_state,
    owner_address,
)
from tests.properties.lifetime.doors import Doors, coins_of
from tests.support.books.chains import BookedChain, OnChains
from tests.support.books.diary import Diary, name_chain, name_place, say, told
from tests.support.books.door_books import WEI_PER_GWEI
from tests.support.books.play import refused
from tests.support.books.user_actions import FAR_DEADLINE
from tests.support.evm import EvmContract
from tests.support.groups import KnownGroup, KnownGroups, sign
from tests.support.lines import Link
from tests.support.three_chains import CHAINS, MEMBERS, PRIMARY, SEQUENCER, STRANGER
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.operations.change_pub_key import KeyChange
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.payout import Payout
from zklink.operations.requests import Request
from zklink.operations.swap import SwapRequest
from zklink.protocol.bridge_blocks import AcceptCall, FullBlock, build_block
from zklink.protocol.chain_sets import make_chain_set
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.facts import Group
from zklink.protocol.ids import (
    FILL_LEAD_SECONDS,
    NO_TOKEN,
    AccountId,
    Amount,
    BlockNumber,
    ChainId,
    Door,
    Kind,
    Lane,
    RequestId,
    TokenId,
)
from zklink.protocol.messages import compute_key_change_digest
from zklink.protocol.slices import split_records
from zklink.state.state import State
from zklink.transition.account_block import AccountBlock, apply_account_block
from zklink.transition.rules import AccountOperation
from zklink.transition.swap_block import SwapBlock, apply_block

Queue = tuple[Lane, ChainId]
Place = tuple[ChainId, TokenId]
LANES = (Lane.SWAP, Lane.ACCOUNT)


@dataclass(frozen=True, eq=False)
class LineBlock:
    """A block of the line and the state after it; the genesis has no link.

    `requests` are those that it serves, `consumed` counts those of each queue that are gone so far.
    """

    number: int
    state: State
    link: Link | None = None
    requests: tuple[Request, ...] = ()
    payouts: tuple[Payout, ...] = ()
    kinds: tuple[str, ...] = ()
    consumed: Mapping[Queue, int] = field(default_factory=Counter)

    def __str__(self) -> str:
        return f"block {self.number}"

    @property
    def timestamp(self) -> int:
        """When it was sealed, UNIX seconds."""
        assert self.link is not None, "the genesis has no time"
        return self.link.full.block.timestamp


class Life(OnChains):
    """Three chains and one line of blocks."""

    def __init__(self, stage: Stage, diary: Diary) -> None:
        self.stage, self.chains, self.diary = stage, replace(stage.chains), diary
        self.line = [LineBlock(0, genesis_state())]
        self.links = stage.chains.line()
        self.queues: dict[Queue, list[Request]] = {(lane, chain): [] for lane in LANES for chain in CHAINS}
        self.doors = Doors(stage.chains, diary, self.queues)
        self.owed: dict[ChainId, dict[int, list[Payout]]] = {chain: {} for chain in CHAINS}
        self.accepted: list[FullBlock] = []
        self.filled: dict[bytes, tuple[str, int]] = {}
        self.executed: dict[bytes, Payout] = {}
        self.inflow: Counter[Place] = Counter()
        self.released: Counter[Place] = Counter()
        self.left: Counter[Place] = Counter()
        self.cancelled: set[tuple[Queue, int]] = set()
        self.retired: list[tuple[Group, KnownGroup]] = []
        """Words that counted once, of members of whom some are gone, oldest first."""
        self.removed: set[Group] = set()
        """Which groups have lost a member within the delay."""

    @property
    def groups(self) -> KnownGroups:
        """Who signs now."""
        return self.chains.groups

    def set_groups(self, groups: KnownGroups) -> None:
        """From now on these sign."""
        self.chains.groups = self.links.groups = groups

    def now(self) -> int:
        """The same on every chain."""
        return self[PRIMARY].evm.time

    @told("{seconds} seconds pass")
    def advance(self, seconds: int) -> None:
        """Let time pass on every chain."""
        for here in self.chains:
            here.evm.time += seconds

    # -- users ---------------------------------------------------------------------------------------------------------

    @told("a swap on {source}: {amount} {token_in} into {to} ({more})")
    def swap(
        self, source: ChainId, token_in: TokenId, amount: int, to: tuple[ChainId, TokenId], **more: object
    ) -> None:
        """Queue a swap. Raises Reverted. `more`: min_out, operator_fee, fill_fee, recipient, sender, deadline, tip."""
        fields: dict[str, Any] = {"min_out": 0, "operator_fee": 0, "fill_fee": 0, "deadline": FAR_DEADLINE, "tip": 0}
        fields |= more
        sender, recipient = str(fields["sender"]), universal_address(str(fields["recipient"]))
        here, (destination, token_out) = self[source], to
        l1_amount = amount * here.sites[token_in].scale
        amounts = (fields["min_out"], fields["operator_fee"], fields["fill_fee"])
        order = (token_in, l1_amount, destination, token_out, NO_TOKEN, *amounts, recipient, sender, fields["deadline"])
        fee = self.fee(source, destination, fields["tip"])
        value = here.value_of(token_in, l1_amount) + fee * WEI_PER_GWEI
        request_id = here.bridge.swap(order, sender=sender, value=value)
        words = self._swap_words(here)
        request = SwapRequest.from_words(words)
        expected = (request_id, amount, universal_address(sender), fee)
        assert (request.request_id, request.amount, request.refund_to, request.native_fee_gwei) == expected
        self._queue(Lane.SWAP, source, request, token_in, amount)

    def _swap_words(self, here: BookedChain) -> tuple[int, ...]:
        e = here.evm.event("SwapRequested")
        return SwapRequest(
            source=here.chain,
            destination=e["destination"],
            request_id=e["request_id"],
            token_in=e["token_in"],
            token_out=e["token_out"],
            amount=e["amount"],
            min_out=e["min_out"],
            operator_fee=e["operator_fee"],
            fill_fee=e["fill_fee"],
            deadline=e["deadline"],
            queued_at=e["queued_at"],
            recipient=e["recipient"],
            refund_to=universal_address(e["refund_to"]),
            native_fee_gwei=e["native_fee_gwei"],
            via=e["via"],
        ).words()

    def fee(self, chain: ChainId, kind: int, tip: int) -> int:
        """The price of a request now and so much more, gwei; it is not taken for less."""
        return self.doors.price(chain, kind) + tip

    @told("{sender} deposits {amount} {token} on {chain} for {owner}")
    def deposit(self, chain: ChainId, token: TokenId, amount: int, owner: bytes, sender: str, tip: int = 0) -> None:
        """Queue a deposit for an owner. Raises Reverted."""
        here, fee = self[chain], self.fee(chain, Door.DEPOSIT, tip)
        l1_amount = amount * here.sites[token].scale
        order = (token, l1_amount, owner, 0, sender)
        value = here.value_of(token, l1_amount) + fee * WEI_PER_GWEI
        self.send(chain, sender, here.bridge, "deposit", order, value=value)
        request_id = RequestId(here.bridge.request_counts(Lane.ACCOUNT)[0])
        identity = (chain, request_id, token, Amount(amount), owner, universal_address(sender))
        by_owner = owner == acting_owner(self.stage, chain, sender)
        request = DepositRequest(*identity, self.now(), by_owner=by_owner, native_fee_gwei=fee)
        self._queue(Lane.ACCOUNT, chain, request, token, amount)

    @told("{owner} asks {chain} for the full exit of {token} from account {account}, from {others} too")
    def full_exit(
        self,
        chain: ChainId,
        account: AccountId,
        token: TokenId,
        owner: Person,
        others: Sequence[ChainId] = (),
        tip: int = 0,
    ) -> None:
        """Queue an owner's exit, which other chains may pay, too. Raises Reverted."""
        bridge, second, mask = self[chain].bridge, owner.owner, make_chain_set([chain, *others])
        fee = self.fee(chain, Door.FULL_EXIT, tip)
        order = (account, token, second, mask)
        self.send(chain, owner.address, bridge, "full_exit", *order, value=fee * WEI_PER_GWEI)
        request_id = RequestId(bridge.request_counts(Lane.ACCOUNT)[0])
        named = (account, token, owner.owner, second, mask)
        request = FullExitRequest(chain, request_id, *named, self.now(), native_fee_gwei=fee)
        self._queue(Lane.ACCOUNT, chain, request, token, 0)

    @told("{owner} asks {chain} for a key of account {account}")
    def set_key(self, chain: ChainId, account: AccountId, owner: Person, key_hash: int, tip: int = 0) -> None:
        """Queue an owner's key request. Raises Reverted."""
        bridge, fee = self[chain].bridge, self.fee(chain, Door.KEY_REQUEST, tip)
        self.send(chain, owner.address, bridge, "set_key", account, key_hash, value=fee * WEI_PER_GWEI)
        request_id = RequestId(bridge.request_counts(Lane.ACCOUNT)[0])
        request = KeyRequest(chain, request_id, account, owner.owner, key_hash, self.now(), native_fee_gwei=fee)
        self._queue(Lane.ACCOUNT, chain, request, TokenId(0), 0)

    def send(
        self,
        chain: ChainId,
        sender: str,
        contract: EvmContract,
        function: str,
        *arguments: object,
        value: int = 0,
    ) -> None:
        """Anybody's transaction, with coin; the wallet's goes through the wallet. Raises Reverted."""
        wallet = self.stage.wallet
        if chain == WALLET_CHAIN and sender == wallet.address.lower():
            wallet.act(contract.address, contract.encode(function, *arguments), sender=STRANGER, value=value)
        else:
            getattr(contract, function)(*arguments, sender=sender, value=value)

    def _queue(self, lane: Lane, chain: ChainId, request: Request, token: TokenId, amount: int) -> None:
        self.queues[lane, chain].append(request)
        assert request.request_id == len(self.queues[lane, chain]), "request ids are not consecutive"
        self.inflow[chain, token] += amount

    @told("{broker} fills {payout}")
    def fill(self, payout: Payout, broker: str) -> None:
        """A broker pays a recipient ahead of execution. Raises Reverted."""
        site = self[payout.chain].sites[payout.token]
        l1_amount = (payout.amount - payout.fill_fee) * site.scale
        value = l1_amount if site.contract is None else 0
        self[payout.chain].bridge.fill(list(payout.words()), broker, sender=broker, value=value)
        self.filled[payout.fill_key(self.chains.deployment_hash)] = broker, self.now()

    # -- sequencer -----------------------------------------------------------------------------------------------------

    def waiting(self, lane: Lane, chain: ChainId) -> list[Request]:
        """Requests that are not in the line, or only in part."""
        return self.queues[lane, chain][self.line[-1].consumed.get((lane, chain), 0) :]

    @told("the sequencer seals in lane {lane}: {operations}")
    def seal(self, lane: Lane, operations: Sequence[AccountOperation | SwapRequest]) -> LineBlock:
        """The next block of the line, with the owners' consents."""
        last = self.line[-1]
        number, state = BlockNumber(last.number + 1), last.state.copy()
        domain = compute_lane_domain(self.chains.deployment_hash, lane)
        block: SwapBlock | AccountBlock
        if lane == Lane.SWAP:
            swaps = [operation for operation in operations if isinstance(operation, SwapRequest)]
            block = apply_block(state, swaps, number, self.now(), domain, PRESET)
        else:
            others = [operation for operation in operations if not isinstance(operation, SwapRequest)]
            block = apply_account_block(state, others, number, self.now(), domain, PRESET, with_paths=False)
        header = block.header
        slices = tuple(tuple(words) for words in block.slices)
        consents = tuple(self.sign_consent(change) for change in key_changes(slices[PRIMARY]))
        plain = build_block(lane, header.timestamp, header.counts, header.new_root, block.commitment)
        (link,) = self.links.append(FullBlock(plain, slices, consents))
        assert link.preimage.inputs() == block.inputs
        consumed = Counter(last.consumed)
        for chain in CHAINS:
            consumed[lane, chain] += len(link.requests(chain))
        requests = tuple(operation for operation in operations if isinstance(operation, Request))
        payouts = tuple(payout for chain in CHAINS for payout in payouts_of(link, chain))
        step = LineBlock(number, state, link, requests, payouts, tuple(map(name_of, operations)), consumed)
        state.check_conservation()
        self.line.append(step)
        return step

    @told("the sequencer drops what it has sealed above block {number}")
    def drop(self, number: int) -> None:
        """What the primary has not accepted can be sealed anew."""
        del self.line[number + 1 :], self.links.links[number:]

    # -- the primary and members ---------------------------------------------------------------------------------------

    def accept_call(self, count: int, *, pay: bool) -> AcceptCall:
        """The next blocks of the line, in one call."""
        first = self.height(PRIMARY) + 1
        return self.links.accept_call(first, first + count - 1, self.chains.ask_queue, pay=pay)

    @told("{chain} accepts the next {count} blocks; paid at once: {pay}")
    def accept(self, chain: ChainId, count: int, *, pay: bool = False) -> list[Payout]:
        """The primary accepts blocks of the line. Raises Reverted."""
        call = self.accept_call(count, pay=pay)
        history = self[chain].history
        paid = self._enter(chain, count, pay, lambda: history.accept(*call.abi(), sender=SEQUENCER))
        self.accepted += call.blocks
        return paid

    @told("{chain} imports the next {count} blocks; paid at once: {pay}")
    def import_(self, chain: ChainId, count: int, *, pay: bool = False, by_end: bool = False) -> list[Payout]:
        """A member imports blocks that the primary has, by the ACC of its last one, or by END. Raises Reverted."""
        first, top = self.height(chain) + 1, self.height(PRIMARY)
        call = self.links.import_call(chain, first, first + count - 1, top, by_end=by_end, pay=pay)
        history = self[chain].history
        return self._enter(chain, count, pay, lambda: history.import_blocks(*call.abi(), sender=STRANGER))

    def _enter(self, chain: ChainId, count: int, pay: bool, action: Callable[[], object]) -> list[Payout]:
        """A chain takes its next blocks; gives what it has paid."""
        first = self.height(chain) + 1
        due = {n: self.payouts(chain, n) for n in range(first, first + count)}
        if not pay:
            action()
            self.owed[chain].update({number: payouts for number, payouts in due.items() if payouts})
            return []
        payouts = [payout for found in due.values() for payout in found]
        self._pay(chain, payouts, action)
        return payouts

    def payouts(self, chain: ChainId, number: int) -> list[Payout]:
        """What a chain owes for a block."""
        return [payout for payout in self.line[number].payouts if payout.chain == chain]

    @told("{count} payouts of block {number} are paid on {chain}")
    def execute(self, chain: ChainId, number: int, count: int | None = None) -> list[Payout]:
        """Pay some of what a block owes; everybody gets exactly what its payouts say. Raises Reverted."""
        owed = self.owed[chain][number]
        due = owed if count is None else owed[:count]
        words = [word for payout in owed for word in payout.words()]
        history = self[chain].history
        self._pay(chain, due, lambda: history.execute(number, words, len(due), sender=STRANGER))
        assert refused(history.execute, number, words, len(due), sender=STRANGER) == "execute: other payouts"
        self.owed[chain][number] = owed[len(due) :]
        if not self.owed[chain][number]:
            del self.owed[chain][number]
        return due

    def _pay(self, chain: ChainId, payouts: Sequence[Payout], action: Callable[[], object]) -> None:
        expected: Counter[tuple[str, TokenId]] = Counter()
        for payout in payouts:
            key = payout.fill_key(self.chains.deployment_hash)
            assert key not in self.executed, f"executed twice: {say(payout)}"
            broker, filled_at = self.filled.get(key, (None, 0))
            lead = min(self.now() - filled_at, FILL_LEAD_SECONDS)
            rest = payout.fill_fee - payout.fill_fee * lead // FILL_LEAD_SECONDS if broker else payout.amount
            expected[owner_address(payout.recipient), payout.token] += rest
            if broker:
                expected[broker, payout.token] += payout.amount - rest
        self.pays(chain, action, expected)
        for payout in payouts:
            self.executed[payout.fill_key(self.chains.deployment_hash)] = payout

    def pays(
        self,
        chain: ChainId,
        action: Callable[[], object],
        expected: Counter[tuple[str, TokenId]],
        coin: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """Run something by which the bridge pays these, in layer-2 units, and coin outside of tokens, in wei: all of it
        arrives or is owed to them.
        """
        due = Counter({(owner, NO_TOKEN): wei for owner, wei in coin.items()})
        for (owner, token), amount in expected.items():
            due[owner, self.purse(chain, token)] += amount * self[chain].scale(token)
        before = {key: self.worth(chain, *key) for key in due}
        action()
        for (owner, token), l1_amount in due.items():
            paid = self.worth(chain, owner, token) - before[owner, token]
            what = name_place(chain, token) if token else f"the coin of {name_chain(chain)}"
            self.diary.check(f"what {say(owner)} gets of {what}", paid, l1_amount)
        for (_, token), amount in expected.items():
            self.released[chain, token] += amount

    def purse(self, chain: ChainId, token: TokenId) -> TokenId:
        """Where a token is kept on a chain: NO_TOKEN for the chain's coin."""
        return NO_TOKEN if token in coins_of(self[chain]) else token

    def worth(self, chain: ChainId, owner: str, purse: TokenId) -> int:
        """What an account has or can pull, L1 units."""
        here = self[chain]
        tokens = [purse] if purse else [NO_TOKEN, *coins_of(here)]
        has = here.balance(purse, owner) if purse else here.evm.balance(owner)
        return has + sum(int(here.bridge.pending_balance(owner, token)) for token in tokens)

    def sign_consent(self, change: KeyChange, person: Person | None = None) -> bytes:
        """The owner's signature under a change, or somebody else's."""
        signer = person or self.stage.people[change.owner]
        assert signer.key is not None
        what = (change.account, change.nonce, change.public_key_hash, change.valid_until)
        return sign(compute_key_change_digest(self.chains.deployment_hash, *what), signer.key)

    # -- what must hold ------------------------------------------------------------------------------------------------

    def check(self, chain: ChainId) -> None:
        """SOL-1, SOL-2 and SOL-3 on a chain, and SYN-2."""
        here, name = self[chain], name_chain(chain)
        tip = here.tip()
        step = self.line[tip.number]
        self.diary.check(f"hash on {name}", tip.sync_hash.hex(), self.links.sync_hash(tip.number).hex())
        self.diary.check(f"blocks that owe payouts on {name}", tip.unpaid, len(self.owed[chain]))
        if chain in MEMBERS:
            self.diary.check_at_most(f"last block on {name}", tip.number, self.height(PRIMARY))
        still_open: Counter[TokenId] = Counter()
        for lane in LANES:
            for request in self.queues[lane, chain][step.consumed.get((lane, chain), 0) :]:
                token, amount = brought(request)
                still_open[token] += amount
        for owed in self.owed[chain].values():
            for payout in owed:
                still_open[payout.token] += payout.amount
        for token, site in here.sites.items():
            balance, pending, custody = here.bridge.solvency(token)
            due = step.state.token(token).reserve(chain) + still_open[token] - self.left[chain, token]
            place, released = name_place(chain, token), self.released[chain, token]
            self.diary.check(f"custody of {place}, which is reserve, open requests and what is owed", custody, due)
            if site.contract is not None:
                self.diary.check(f"balance of the bridge of {place}", balance, pending + custody * site.scale)
            self.diary.check(
                f"balance that the bridge tells of {place}", balance, here.balance(token, here.bridge.address)
            )
            self.diary.check_at_most(f"released of {place}", released, self.inflow[chain, token])
        self.doors.check(chain, step.consumed)


def payouts_of(link: Link, chain: ChainId) -> list[Payout]:
    """The payouts in a chain's slice."""
    words = link.payouts(chain)
    return [Payout.from_words(words[at : at + 3]) for at in range(0, len(words), 3)]


def key_changes(words: Sequence[int]) -> list[KeyChange]:
    """The consents that a slice asks for."""
    return [KeyChange.from_words(record) for kind, record in split_records(words) if kind == Kind.CHANGE_PUB_KEY]


def brought(request: Request) -> tuple[TokenId, int]:
    """What a request has brought in."""
    if isinstance(request, SwapRequest):
        return request.token_in, request.amount
    return (request.token, request.amount) if isinstance(request, DepositRequest) else (TokenId(0), 0)


def refund_receiver(request: Request) -> str:
    """Who gets back what a request has brought and paid."""
    if isinstance(request, SwapRequest | DepositRequest):
        return owner_address(request.refund_to)
    return owner_address(request.owner)


def name_of(operation: object) -> str:
    """The type of an operation."""
    return type(getattr(operation, "operation", operation)).__name__


def all_words(requests: Iterable[Request]) -> list[int]:
    """Whole requests, one after the other."""
    return [word for request in requests for word in request.words()]
