"""The end of a deployment without its operator: freezes, the last common block, imports, cancellations, exits.

Takes a life at any moment; everything is done by a stranger or by the owners. What must come out is computed here from
the line of blocks, apart from the contracts.
"""

from collections import Counter
from dataclasses import dataclass

from tests.properties.lifetime.actors import OPERATOR, PRESET, WALLET_CHAIN, layer2_keys
from tests.properties.lifetime.ending import Ending
from tests.properties.lifetime.life import LANES, all_words, brought, sender_of
from tests.support.books.diary import name_chain, told
from tests.support.books.play import refused
from tests.support.drafts.draft import stored_args
from tests.support.drafts.escape import EXPIRY_SECONDS
from tests.support.three_chains import CHAINS, DEPOSITORS, MINIMUM, PRIMARY, RECIPIENTS, STRANGER, USD, account_of
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.primitives.keccak import keccak_words
from zklink.protocol.domain import compute_exit_domain
from zklink.protocol.ids import OPERATOR_ACCOUNT, AccountId, ChainId, Lane, TokenId
from zklink.protocol.limits import MAX_PREIMAGES, MAX_STEPS
from zklink.protocol.messages import MessageKind
from zklink.state.state import State
from zklink.transition.exit import ExitStatement, compute_exit
from zklink.transition.exit_authority import ExitAuthority, check_authority, compute_exit_inputs, sign_exit

REQUEST_BATCH = 12


@dataclass
class Rescue(Ending):
    """One end of one life, from the first freeze to the last exit."""

    def run(self) -> None:
        """Everything, from the first freeze to the last exit."""
        self.freeze_all()
        common = self.compute_common()
        for chain in self.shuffled():
            self.settle(chain, common)
            self.cancel(chain)
            self.leave(chain, common)
            self.life.check(chain)
        self.check_ends(common)
        self.check_paid(common)
        self.check_dust()
        self.rebuild(common)
        self.count("finish")

    def shuffled(self) -> list[ChainId]:
        """All chains in some order."""
        rest = list(CHAINS)
        return [rest.pop(self.dice.below(len(rest))) for _ in CHAINS]

    # -- freeze --------------------------------------------------------------------------------------------------------

    def freeze_all(self) -> None:
        """Each chain in its own way, with other things happening in between; then everybody hears of everybody."""
        life = self.life
        life.advance(EXPIRY_SECONDS + 1)
        for chain in self.shuffled():
            ways = self.ways(chain)
            if not ways:
                life.full_exit(chain, OPERATOR_ACCOUNT, USD, OPERATOR)
                assert refused(self.freeze_for_request, chain, Lane.ACCOUNT) == "freeze: request not expired"
                life.advance(EXPIRY_SECONDS + 1)
                ways = self.ways(chain)
            self.freeze(chain, self.dice.pick(ways))
            for _ in range(self.dice.below(4)):
                self.late(self.dice.pick(CHAINS), self.dice)
        for chain in self.shuffled():
            for source in self.shuffled():
                if source != chain:
                    life.deliver(life.message(source, self.frozen[source], MessageKind.FRZ), chain)
            assert life[chain].bridge.is_frozen()
            deposit = (chain, USD, MINIMUM, OPERATOR.owner, DEPOSITORS[0])
            assert refused(life.deposit, *deposit) == "bridge: frozen"

    def ways(self, chain: ChainId) -> list[str]:
        """How the chain can be frozen now."""
        life = self.life
        accepted = life.status(chain)[2]
        consumed = life.committed[chain][accepted].block.consumed
        ways = []
        for lane in LANES:
            waiting = life.queues[lane, chain][consumed.get((lane, chain), 0) :]
            if waiting and waiting[0].queued_at + EXPIRY_SECONDS < life.now():
                ways.append(f"frozen by a request of lane {lane.value}")
        since = life[chain].bridge.waiting_since()
        if since and since + EXPIRY_SECONDS < life.now():
            ways.append("frozen by waiting execution")
        return [*ways, "frozen by a message", "frozen by a message"] if self.frozen else ways

    @told("{chain}: {way}")
    def freeze(self, chain: ChainId, way: str) -> None:
        """Freeze a chain and forget what it has dropped."""
        life = self.life
        if way == "frozen by a message":
            source = self.dice.pick(list(self.frozen))
            life.deliver(life.message(source, self.frozen[source], MessageKind.FRZ), chain)
        elif way == "frozen by waiting execution":
            life[chain].exodus.freeze_for_execution(sender=STRANGER)
        else:
            self.freeze_for_request(chain, Lane(int(way[-1])))
        self.frozen[chain] = life.status(chain)[2]
        del life.committed[chain][self.frozen[chain] + 1 :]
        life.check(chain)
        self.count(way)

    def freeze_for_request(self, chain: ChainId, lane: Lane) -> None:
        """With the oldest request that no accepted block contains. Raises Reverted."""
        accepted = self.life.committed[chain][self.life.status(chain)[2]]
        oldest = self.life.queues[lane, chain][accepted.block.consumed.get((lane, chain), 0)]
        exodus = self.life[chain].exodus
        exodus.freeze_for_request(lane, list(oldest.words()), stored_args(accepted.stored), sender=STRANGER)

    # -- the last common block -----------------------------------------------------------------------------------------

    def compute_common(self) -> int:
        """L, as docs/protocol.md, section 10, has it."""
        last = self.frozen[PRIMARY]
        for number in range(min(self.frozen.values()) + 1, last + 1):
            draft = self.life.committed[PRIMARY][number].block.draft
            assert draft is not None
            if any(draft.header.counts[k] and number > self.frozen[k] for k in CHAINS):
                self.count("aborted block")
                return number - 1
        return last

    @told("{chain} is taken to the last common block, {common}, and exodus begins")
    def settle(self, chain: ChainId, common: int) -> None:
        """Find the last common block on a chain, take in what it lacks, execute it all, begin exodus."""
        life, here = self.life, self.life[chain]
        if chain != PRIMARY:
            self.open(chain, PRIMARY, self.frozen[chain])
        lowest = min(self.frozen.values())
        numbers = range(lowest + 1, min(common + 1, self.frozen[PRIMARY]) + 1)
        openings = [self.opening(number) for number in numbers]
        for start in range(0, max(len(openings), 1), MAX_PREIMAGES):
            here.sync_ledger.find_common_block(openings[start : start + MAX_PREIMAGES], sender=STRANGER)
        self.diary.check(
            f"last common block on {name_chain(chain)}", tuple(here.sync_ledger.common_block()), (True, common)
        )
        if self.frozen[chain] < common:
            self.take_in(chain, common)
        for source in CHAINS:
            at = min(self.frozen[source], life.status(chain)[2])
            if source != chain and at:
                self.open(chain, source, at)
                here.bridge.apply_message(source, at, sender=STRANGER)
        if life.status(chain)[3] < common:
            early = (stored_args(life.committed[chain][common].stored),)
            assert refused(here.exodus.begin_exodus, *early) == "exodus: blocks to be executed"
        for number in range(life.status(chain)[3] + 1, common + 1):
            life.execute(chain, number)
            life.check(chain)
        if life.status(chain)[2] > common:
            reason = refused(life.execute, chain, common + 1)
            assert reason in ("execute: above the common block", "execute: a chain is missing"), reason
        here.exodus.begin_exodus(stored_args(life.committed[chain][common].stored), sender=STRANGER)
        assert here.exodus.exit_root() == self.life.line[common].state.root
        life.check(chain)

    def open(self, chain: ChainId, source: ChainId, low: int) -> None:
        """Open what a frozen chain had accepted, down to a number."""
        entries = self.life.committed[PRIMARY]
        for high in range(self.frozen[source], low, -MAX_STEPS):
            numbers = range(high, max(high - MAX_STEPS, low), -1)
            drafts = [entries[number].block.draft for number in numbers]
            steps = [
                (entries[number - 1].stored.sync_hash, draft.block_commitment)
                for number, draft in zip(numbers, drafts, strict=True)
                if draft is not None
            ]
            ledger = self.life[chain].sync_ledger
            ledger.open_message(source, high, entries[high].stored.sync_hash, steps, sender=STRANGER)

    def opening(self, number: int) -> tuple[object, ...]:
        """The preimages of the primary's hash at a number."""
        entries = self.life.committed[PRIMARY]
        draft = entries[number].block.draft
        assert draft is not None
        return draft.opening_args(entries[number - 1].stored.sync_hash)

    def take_in(self, chain: ChainId, common: int) -> None:
        """Commit and prove on a chain the blocks that it lacks."""
        for number in range(self.frozen[chain] + 1, common + 1):
            self.life.commit(chain, self.life.committed[PRIMARY][number].block, sender=STRANGER)
            self.life.prove(chain, 1)
            self.count("block taken in")
        assert self.life.status(chain)[2] == common

    # -- cancel --------------------------------------------------------------------------------------------------------

    def cancel(self, chain: ChainId) -> None:
        """Give back every request that no executed block contains, in order; nothing twice."""
        for lane in LANES:
            queue = self.life.queues[lane, chain]
            at = self.life.committed[chain][self.life.status(chain)[3]].block.consumed.get((lane, chain), 0)
            while at < len(queue):
                batch = queue[at : at + 1 + self.dice.below(REQUEST_BATCH)]
                self.cancel_batch(chain, lane, at, len(batch))
                at += len(batch)
            assert self.life[chain].exodus.settled_requests(lane) == len(queue)

    @told("{size} requests of lane {lane} of {chain} are cancelled, from request {at} on (counted from 0)")
    def cancel_batch(self, chain: ChainId, lane: Lane, at: int, size: int) -> None:
        """The senders get what they brought."""
        life, exodus = self.life, self.life[chain].exodus
        batch = life.queues[lane, chain][at : at + size]
        expected: Counter[tuple[str, TokenId]] = Counter()
        for request in batch:
            token, amount = brought(request)
            expected[sender_of(request), token] += amount
        words = all_words(batch)
        life.pays(chain, lambda: exodus.cancel_requests(lane, words, sender=STRANGER), expected)
        for request in batch:
            token, amount = brought(request)
            life.left[chain, token] += amount
            assert ((lane, chain), request.request_id) not in life.cancelled
            life.cancelled.add(((lane, chain), request.request_id))
            self.count(f"cancelled {type(request).__name__}")
        assert refused(exodus.cancel_requests, lane, words) == "cancel: not the next requests"

    # -- exits ---------------------------------------------------------------------------------------------------------

    def leave(self, chain: ChainId, common: int) -> None:
        """Every account leaves with every token; some try twice."""
        state = self.life.line[common].state
        for account, view in state.accounts():
            tokens = set(view.balances)
            if account == OPERATOR_ACCOUNT:
                tokens |= {token for token, row in state.tokens() if token and row.fees}
            for token in sorted(tokens):
                self.exit(chain, state, account, token)
        self.life.check(chain)

    @told("account {account} leaves with {token} on {chain}")
    def exit(self, chain: ChainId, state: State, account: AccountId, token: TokenId) -> None:
        """One exit, signed or sent by the owner, paid in full; then never again."""
        life = self.life
        domain = compute_exit_domain(life.chains.deployment_hash)
        statement = compute_exit(state, account, token, chain)
        view = state.account(account)
        key = layer2_keys(life.stage.people[view.owner].name).get(view.public_key_hash)
        authority: ExitAuthority | None = None
        recipient = account_of(view.owner)
        if key is not None and self.dice.below(2):
            recipient = self.dice.pick((RECIPIENTS[0], RECIPIENTS[1], life[chain].receiver.address.lower()))
            authority = sign_exit(statement, universal_address(recipient), domain, key)
            check_authority(statement, authority, domain)
        inputs = compute_exit_inputs(statement, authority, domain)
        proof = [int.from_bytes(keccak_words(*inputs), "big"), *[0] * 7]
        arguments = (inputs.x0, inputs.recipient_lo, inputs.x1, proof)
        exodus = life[chain].exodus
        sender = STRANGER if authority else recipient
        if authority is None:
            assert refused(exodus.exit, *arguments, sender=STRANGER) == "exit: recipient must send it"
        expected = Counter({(recipient, side): amount for side, amount in sides_of(statement) if amount})
        life.pays(chain, lambda: life.send(chain, sender, exodus, "exit", *arguments), expected)
        for (_, side), amount in expected.items():
            life.left[chain, side] += amount
            self.paid[account, token, side] += amount
        for side, _ in sides_of(statement):
            self.exits[chain, side] += 2 if token >= PRESET.lp_base else 1
        assert refused(life.send, chain, sender, exodus, "exit", *arguments) == "exit: already paid"
        is_wallet = life.stage.people[view.owner].key is None and chain == WALLET_CHAIN
        self.count(f"{'signed' if authority else 'unsigned'} exit" + (" of a wallet" if is_wallet else ""))
        if token >= PRESET.lp_base and any(expected.values()):
            self.count("exit of shares")


def sides_of(statement: ExitStatement) -> list[tuple[TokenId, int]]:
    """The sides of an exit that name a token."""
    sides = ((statement.token_a, statement.amount_a), (statement.token_b, statement.amount_b))
    return [(token, amount) for token, amount in sides if token]
