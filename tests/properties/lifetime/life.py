"""A deployment at work: users' requests, the sequencer's one line of blocks, and what each chain has made of them.

Takes one action at a time and runs it on the bridges; `check` compares a bridge with the states of the line. Everything
that comes into a bridge or leaves it is measured at the accounts of those who pay and are paid.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tests.properties.lifetime.actors import PRESET, WALLET_CHAIN, Person, Stage, genesis_state
from tests.support.books.chains import BookedChain, OnChains
from tests.support.books.diary import Diary, name_chain, name_place, say, told
from tests.support.books.user_actions import FAR_DEADLINE
from tests.support.committee import KnownCommittee
from tests.support.drafts.draft import Draft, message_args, stored_args
from tests.support.evm import EvmContract
from tests.support.three_chains import CHAINS, PRIMARY, STRANGER, VALIDATOR, account_of
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.operations.change_pub_key import KeyChange
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.bridge_hashes import StoredBlock, genesis_block
from zklink.protocol.chain_sets import make_chain_set
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.ids import AccountId, Amount, BlockNumber, ChainId, Kind, Lane, RequestId, TokenId
from zklink.protocol.messages import MessageKind, SyncMessage, compute_key_change_digest
from zklink.state.state import State
from zklink.transition.account_block import AccountBlock, apply_account_block
from zklink.transition.rules import AccountOperation
from zklink.transition.swap_block import SwapBlock, apply_block

Request = SwapRequest | DepositRequest | FullExitRequest
Queue = tuple[Lane, ChainId]
Place = tuple[ChainId, TokenId]
LANES = (Lane.SWAP, Lane.ACCOUNT)


@dataclass(frozen=True, eq=False)
class LineBlock:
    """A block of the line and the state after it; the genesis has no draft.

    `consumed` counts the requests of each queue so far.
    """

    number: int
    state: State
    draft: Draft | None = None
    requests: tuple[Request, ...] = ()
    payouts: tuple[Payout, ...] = ()
    kinds: tuple[str, ...] = ()
    consumed: Mapping[Queue, int] = field(default_factory=Counter)

    def __str__(self) -> str:
        return f"block {self.number}"


@dataclass(frozen=True)
class CommittedBlock:
    """A block on one chain: what the bridge keeps the hash of."""

    block: LineBlock
    stored: StoredBlock


class Life(OnChains):
    """Three chains and one line of blocks."""

    def __init__(self, stage: Stage, diary: Diary) -> None:
        self.stage, self.chains, self.diary = stage, stage.chains, diary
        genesis = LineBlock(0, genesis_state())
        self.line = [genesis]
        stored = genesis_block(self.chains.genesis_root, self.chains.deployment_hash)
        self.committed = {chain: [CommittedBlock(genesis, stored)] for chain in CHAINS}
        self.queues: dict[Queue, list[Request]] = {(lane, chain): [] for lane in LANES for chain in CHAINS}
        self.calldata: dict[ChainId, dict[int, tuple[object, ...]]] = {chain: {} for chain in CHAINS}
        self.filled: dict[bytes, str] = {}
        self.executed: dict[bytes, Payout] = {}
        self.inflow: Counter[Place] = Counter()
        self.released: Counter[Place] = Counter()
        self.left: Counter[Place] = Counter()
        self.cancelled: set[tuple[Queue, int]] = set()
        self.consents: set[KeyChange] = set()

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
        """Queue a swap. Raises Reverted. `more`: min_out, operator_fee, fill_fee, recipient, sender, deadline."""
        fields: dict[str, object] = {"min_out": 0, "operator_fee": 0, "fill_fee": 0, "deadline": FAR_DEADLINE} | more
        sender, recipient = str(fields["sender"]), universal_address(str(fields["recipient"]))
        here, (destination, token_out) = self[source], to
        l1_amount = amount * here.sites[token_in].scale
        amounts = (fields["min_out"], fields["operator_fee"], fields["fill_fee"])
        order = (token_in, l1_amount, destination, token_out, *amounts, recipient, fields["deadline"])
        value = l1_amount if here.sites[token_in].contract is None else 0
        request_id = here.bridge.swap(order, sender=sender, value=value)
        words = self._swap_words(here)
        request = SwapRequest.from_words(words)
        assert (request.request_id, request.amount, request.refund_to) == (
            request_id,
            amount,
            universal_address(sender),
        )
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
            refund_to=universal_address(e["sender"]),
        ).words()

    @told("{sender} deposits {amount} {token} on {chain} for {owner}")
    def deposit(self, chain: ChainId, token: TokenId, amount: int, owner: bytes, sender: str) -> None:
        """Queue a deposit for an owner. Raises Reverted."""
        here = self[chain]
        l1_amount = amount * here.sites[token].scale
        value = l1_amount if here.sites[token].contract is None else 0
        request_id = here.bridge.deposit((token, l1_amount, owner), sender=sender, value=value)
        identity = (chain, RequestId(request_id), token, Amount(amount), owner, universal_address(sender))
        self._queue(Lane.ACCOUNT, chain, DepositRequest(*identity, self.now()), token, amount)

    @told("{owner} asks {chain} for the full exit of {token} from account {account}")
    def full_exit(self, chain: ChainId, account: AccountId, token: TokenId, owner: Person) -> None:
        """Queue an owner's exit. Raises Reverted."""
        bridge = self[chain].bridge
        self.send(chain, owner.address, bridge, "full_exit", account, token)
        request_id = bridge.request_counts(Lane.ACCOUNT)[0]
        who, mask = owner.owner, make_chain_set([chain])
        request = FullExitRequest(chain, RequestId(request_id), account, token, who, who, mask, self.now())
        self._queue(Lane.ACCOUNT, chain, request, token, 0)

    def send(self, chain: ChainId, sender: str, contract: EvmContract, function: str, *arguments: object) -> None:
        """Anybody's transaction; the wallet's goes through the wallet. Raises Reverted."""
        wallet = self.stage.wallet
        if chain == WALLET_CHAIN and sender == wallet.address.lower():
            wallet.act(contract.address, contract.encode(function, *arguments), sender=STRANGER)
        else:
            getattr(contract, function)(*arguments, sender=sender)

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
        self[payout.chain].bridge.fill(list(payout.words()), sender=broker, value=value)
        self.filled[payout.fill_key(self.chains.deployment_hash)] = broker

    # -- sequencer -----------------------------------------------------------------------------------------------------

    def waiting(self, lane: Lane, chain: ChainId) -> list[Request]:
        """Requests that are not in the line."""
        return self.queues[lane, chain][self.line[-1].consumed.get((lane, chain), 0) :]

    @told("the sequencer seals in lane {lane}: {operations}")
    def seal(self, lane: Lane, operations: Sequence[AccountOperation | SwapRequest]) -> LineBlock:
        """The next block of the line."""
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
        draft = Draft(
            domain=domain,
            number=number,
            timestamp=header.timestamp,
            old_root=header.old_root,
            new_root=header.new_root,
            commitment=block.commitment,
            slices={ChainId(k): tuple(words) for k, words in enumerate(block.slices)},
            primary=PRIMARY,
            lane=lane,
        )
        assert draft.inputs == block.inputs
        requests = tuple(operation for operation in operations if isinstance(operation, Request))
        consumed = Counter(last.consumed)
        for request in requests:
            consumed[lane, request.source] += 1
        payouts = tuple(Payout.from_words(words) for chain in CHAINS for words in draft.payouts(chain))
        step = LineBlock(number, state, draft, requests, payouts, tuple(map(name_of, operations)), consumed)
        state.check_conservation()
        self.line.append(step)
        return step

    # -- validators and everybody --------------------------------------------------------------------------------------

    @told("{sender} commits {step} on {chain}")
    def commit(
        self, chain: ChainId, step: LineBlock, sender: str = VALIDATOR, signatures: Sequence[bytes] = ()
    ) -> None:
        """Commit a block of the line. Raises Reverted."""
        assert step.draft is not None
        top = self.committed[chain][-1]
        draft = replace(step.draft, signatures={chain: list(signatures)}) if signatures else step.draft
        arguments = draft.commit_args(chain)
        self[chain].bridge.commit_blocks(stored_args(top.stored), [arguments], sender=sender)
        self.committed[chain].append(CommittedBlock(step, draft.store(chain, top.stored)))
        self.calldata[chain][step.number] = arguments

    @told("the next {count} blocks are proven on {chain}")
    def prove(self, chain: ChainId, count: int) -> None:
        """Prove the next blocks; of two lanes in two calls. Raises Reverted."""
        proven = self.status(chain)[1]
        for entry in self.committed[chain][proven + 1 : proven + 1 + count]:
            assert entry.block.draft is not None
            item = (stored_args(entry.stored), list(entry.block.draft.inputs.as_tuple()), [0] * 8)
            self[chain].bridge.prove_blocks([item], sender=STRANGER)

    @told("the validator reverts {chain} to block {to}")
    def revert(self, chain: ChainId, to: int) -> None:
        """Drop committed blocks above `to`. Raises Reverted."""
        self[chain].bridge.revert_blocks(stored_args(self.committed[chain][to].stored), sender=VALIDATOR)
        del self.committed[chain][to + 1 :]

    def message(self, source: ChainId, number: int, kind: MessageKind = MessageKind.ACC) -> SyncMessage:
        """What the committee says of a chain."""
        return SyncMessage(source, BlockNumber(number), self.committed[source][number].stored.sync_hash, kind)

    @told("{message} arrives on {chain}")
    def deliver(self, message: SyncMessage, chain: ChainId) -> None:
        """Hand over a message with a quorum's signatures. Raises Reverted."""
        evidence = self.chains.sign(message)
        self[chain].bridge.receive_message(message_args(message), evidence, sender=STRANGER)

    @told("block {number} is executed on {chain}")
    def execute(self, chain: ChainId, number: int) -> list[Payout]:
        """Execute a block; everybody gets exactly what its payouts say. Raises Reverted."""
        entry = self.committed[chain][number]
        payouts = [payout for payout in entry.block.payouts if payout.chain == chain]
        expected: Counter[tuple[str, TokenId]] = Counter()
        for payout in payouts:
            key = payout.fill_key(self.chains.deployment_hash)
            assert key not in self.executed, f"executed twice: {say(payout)}"
            expected[self.filled.get(key, account_of(payout.recipient)), payout.token] += payout.amount
        words = [word for payout in payouts for word in payout.words()]
        item = (stored_args(entry.stored), words)
        self.pays(chain, lambda: self[chain].bridge.execute_blocks([item], sender=STRANGER), expected)
        for payout in payouts:
            self.executed[payout.fill_key(self.chains.deployment_hash)] = payout
        return payouts

    def pays(self, chain: ChainId, action: Callable[[], object], expected: Counter[tuple[str, TokenId]]) -> None:
        """Run something by which the bridge pays these, in layer-2 units: all of it arrives or is owed to them."""
        before = {key: self.worth(chain, *key) for key in expected}
        action()
        for (owner, token), amount in expected.items():
            l1_amount = amount * self[chain].sites[token].scale
            paid = self.worth(chain, owner, token) - before[owner, token]
            self.diary.check(f"what {say(owner)} gets of {name_place(chain, token)}", paid, l1_amount)
            self.released[chain, token] += amount

    def worth(self, chain: ChainId, owner: str, token: TokenId) -> int:
        """What an account has or can pull, L1 units."""
        here = self[chain]
        return here.balance(token, owner) + int(here.bridge.pending_balance(owner, token))

    # -- consents ------------------------------------------------------------------------------------------------------

    def key_changes(self, chain: ChainId, step: LineBlock) -> list[KeyChange]:
        """The consents that a block asks of a chain."""
        assert step.draft is not None
        records = step.draft.records(chain)
        return [KeyChange.from_words(words) for words in records if words[0] >> 240 == Kind.CHANGE_PUB_KEY]

    @told("the owner consents to the {change}")
    def consent_here(self, change: KeyChange) -> None:
        """The owner's transaction, or, for a contract wallet, a signature that it stands for."""
        here, wallet = self[change.chain], self.stage.wallet
        what = (change.account, change.nonce, change.public_key_hash)
        owner = account_of(change.owner)
        if owner == wallet.address.lower():
            digest = compute_key_change_digest(self.chains.deployment_hash, *what, change.valid_until)
            wallet.expect(digest, b"yes")
            here.key_registry.authorise_by_contract(self.chains.deployment_hash, owner, *what, b"yes", sender=STRANGER)
        else:
            here.key_registry.authorise(self.chains.deployment_hash, *what, sender=owner)
        self.consents.add(change)

    def sign_consent(self, change: KeyChange, person: Person) -> bytes:
        """A person's signature under a change, the owner or not."""
        assert person.key is not None
        what = (change.account, change.nonce, change.public_key_hash, change.valid_until)
        return KnownCommittee.sign(compute_key_change_digest(self.chains.deployment_hash, *what), person.key)

    # -- what must hold ------------------------------------------------------------------------------------------------

    def check(self, chain: ChainId) -> None:
        """SOL-1, SOL-2 and SOL-3 on a chain, and SYN-2."""
        committed, proven, accepted, executed = self.status(chain)
        name = name_chain(chain)
        self.diary.check(f"last block committed on {name}", committed, len(self.committed[chain]) - 1)
        self.diary.check_at_most(f"last block proven on {name}", proven, committed)
        self.diary.check_at_most(f"last block accepted on {name}", accepted, proven)
        self.diary.check_at_most(f"last block executed on {name}", executed, accepted)
        here, step = self[chain], self.committed[chain][executed].block
        still_open: Counter[TokenId] = Counter()
        for lane in LANES:
            for request in self.queues[lane, chain][step.consumed.get((lane, chain), 0) :]:
                token, amount = brought(request)
                still_open[token] += amount
        for token, site in here.sites.items():
            balance, pending, custody = here.bridge.solvency(token)
            owed = step.state.token(token).reserve(chain) + still_open[token] - self.left[chain, token]
            place, released = name_place(chain, token), self.released[chain, token]
            self.diary.check(f"custody of {place}, which is reserve and open requests", custody, owed)
            self.diary.check(f"balance of the bridge of {place}", balance, pending + custody * site.scale)
            self.diary.check(
                f"balance that the bridge tells of {place}", balance, here.balance(token, here.bridge.address)
            )
            self.diary.check_at_most(f"released of {place}", released, self.inflow[chain, token])


def brought(request: Request) -> tuple[TokenId, int]:
    """What a request has brought in."""
    if isinstance(request, SwapRequest):
        return request.token_in, request.amount
    return request.token, request.amount if isinstance(request, DepositRequest) else 0


def sender_of(request: Request) -> str:
    """Who made a request."""
    return account_of(request.owner if isinstance(request, FullExitRequest) else request.refund_to)


def name_of(operation: object) -> str:
    """The type of an operation."""
    return type(getattr(operation, "operation", operation)).__name__


def all_words(requests: Iterable[Request]) -> list[int]:
    """Whole requests, one after the other."""
    return [word for request in requests for word in request.words()]
