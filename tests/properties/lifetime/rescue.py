"""The end of a deployment without its operator: the primary ends, members end with it, cancellations, exits.

Takes a life at any moment; everything is done by a stranger, by the owners, or by whoever of groups and governor is
left. What must come out is computed here from the line of blocks, apart from the contracts.
"""

from collections import Counter
from dataclasses import dataclass

from tests.properties.lifetime.actors import OPERATOR, PRESET, WALLET_CHAIN, layer2_keys, owner_address
from tests.properties.lifetime.doors import fees_of
from tests.properties.lifetime.ending import Ending
from tests.properties.lifetime.life import LANES, all_words, brought, refund_receiver
from tests.properties.lifetime.members import Members
from tests.properties.lifetime.wallet import WalletOwner
from tests.support.books.diary import told
from tests.support.books.door_books import WEI_PER_GWEI
from tests.support.books.play import refused
from tests.support.three_chains import (
    CHAINS,
    DEPOSITORS,
    GOVERNOR,
    MEMBERS,
    MINIMUM,
    PRIMARY,
    RECIPIENTS,
    STRANGER,
    USD,
)
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.primitives.keccak import keccak_words
from zklink.protocol.domain import compute_exit_domain
from zklink.protocol.facts import End, Frozen, Group
from zklink.protocol.ids import (
    DENIAL_WINDOW_SECONDS,
    END_WINDOW_SECONDS,
    EXIT_DELAY_SECONDS,
    EXPIRY_SECONDS,
    FREEZE_DELAY_SECONDS,
    OPERATOR_ACCOUNT,
    SILENCE_SECONDS,
    AccountId,
    BlockNumber,
    ChainId,
    Lane,
    TokenId,
)
from zklink.state.state import State
from zklink.transition.exit import ExitStatement, compute_exit
from zklink.transition.exit_authority import ExitAuthority, check_authority, compute_exit_inputs, sign_exit

REQUEST_BATCH = 12
WORDS = {
    "both": tuple(Group),
    "watchers": (Group.WATCHERS,),
    "validators": (Group.VALIDATORS,),
    "denied": (Group.WATCHERS,),
}
"""Whose words an END is raised with."""


@dataclass
class Rescue(Ending):
    """One end of one life, from the primary's end to the last exit."""

    def run(self) -> None:
        """Everything, from the primary's end to the last exit."""
        last = self.life.height(PRIMARY)
        self.end_primary(self.dice.pick("way of the end", ("request", "member", "silence", "silence")))
        for member in self.shuffled():
            if member != PRIMARY:
                self.end_member(member, last)
        self.life.drop(last)
        self.life.advance(EXIT_DELAY_SECONDS + 1)
        for chain in self.shuffled():
            self.settle(chain, last)
            self.cancel(chain)
            self.leave(chain, last)
            self.close_doors(chain, last)
            if chain == WALLET_CHAIN:
                WalletOwner(self.life, self.count).pull(self.dice)
            self.life.check(chain)
        self.check_ends(last)
        self.check_paid(last)
        self.check_dust()
        self.rebuild(last)
        self.count("finish")

    def shuffled(self) -> list[ChainId]:
        """All chains in some order."""
        rest = list(CHAINS)
        return [rest.pop(self.dice.number("chains", 0, len(rest) - 1)) for _ in CHAINS]

    # -- the primary's end ---------------------------------------------------------------------------------------------

    def end_primary(self, way: str) -> None:
        """It freezes over a request, with a member, or over its own silence; then it accepts nothing new."""
        life, end = self.life, self.life[PRIMARY].end
        if way == "request":
            self.freeze_over_request(PRIMARY)
        elif way == "member":
            self.freeze_over_request(MEMBERS[0])
            watchers = life.chains.groups.frozen(MEMBERS[0])
            end.announce_freeze(MEMBERS[0], 0, watchers, sender=STRANGER)
            assert life.chains.groups.sign(Frozen(MEMBERS[0], 0), Group.WATCHERS) == watchers
            life.advance(FREEZE_DELAY_SECONDS + 1)
            end.freeze_for(MEMBERS[0], sender=STRANGER)
        else:
            life.advance(SILENCE_SECONDS + 1)
            end.freeze_for_silence(sender=STRANGER)
        assert life[PRIMARY].bridge.is_frozen()
        deposit = (PRIMARY, USD, MINIMUM, OPERATOR.owner, DEPOSITORS[0])
        assert refused(life.deposit, *deposit) == "bridge: frozen"
        for _ in range(self.dice.number("goes on", 0, 3)):
            self.late(self.dice.pick("member", MEMBERS), self.dice)
        self.count(f"ended by {way}")

    @told("{chain} is frozen over a request")
    def freeze_over_request(self, chain: ChainId) -> None:
        """Over the oldest request that no block here contains; somebody makes one if there is none."""
        life, end = self.life, self.life[chain].end
        consumed = life.line[life.height(chain)].consumed
        lanes = [lane for lane in LANES if life.queues[lane, chain][consumed.get((lane, chain), 0) :]]
        if not lanes:
            life.full_exit(chain, OPERATOR_ACCOUNT, USD, OPERATOR)
            lanes = [Lane.ACCOUNT]
        lane = self.dice.pick("lane", lanes)
        oldest = life.queues[lane, chain][consumed.get((lane, chain), 0)]
        if life.now() <= oldest.queued_at + EXPIRY_SECONDS:
            refused(end.call_freeze, lane, list(oldest.words()), sender=STRANGER)
            life.advance(EXPIRY_SECONDS + 1)
        end.call_freeze(lane, list(oldest.words()), sender=STRANGER)
        refused(end.confirm_freeze, lane, sender=STRANGER)
        life.advance(FREEZE_DELAY_SECONDS + 1)
        end.confirm_freeze(lane, sender=STRANGER)
        self.count(f"frozen by a request of lane {lane.value}")

    # -- a member's end ------------------------------------------------------------------------------------------------

    @told("{member} ends with block {last}")
    def end_member(self, member: ChainId, last: int) -> None:
        """By whoever is left: both groups at once, watchers after their window, or validators with the governor."""
        life, end, groups = self.life, self.life[member].end, self.life.chains.groups
        fact = End(member, BlockNumber(last), life.links.sync_hash(last), 0)
        way = self.dice.pick("way", ("both", "watchers", "validators", "denied"))
        words = WORDS[way]
        if way == "denied":
            self.raise_end(End(member, BlockNumber(last), fact.sync_hash, 0), Group.WATCHERS)
            end.deny_end(groups.denial(fact, Group.VALIDATORS), sender=STRANGER)
            end.void_end(sender=GOVERNOR)
            self.count("END that falls")
            fact = End(member, fact.number, fact.sync_hash, 1)
        self.raise_end(fact, *words)
        if len(words) == 1:
            later = list(life.links.commitments(life.height(member), last))
            assert refused(end.stand_end, later, sender=STRANGER) == "end: within its window"
            if self.dice.chance("imports before", 2) and life.height(member) < last:
                life.import_(member, 1)  # ACC still imports while END waits
                self.count("imported while END waits")
            wait = END_WINDOW_SECONDS if words == (Group.WATCHERS,) else DENIAL_WINDOW_SECONDS
            life.advance(wait + 1)
            later = list(life.links.commitments(life.height(member), last))
            end.stand_end(later, sender=STRANGER)
        self.count("END of " + " and ".join(group.name.lower() for group in words))
        assert life[member].bridge.is_frozen()
        deposit = (member, USD, MINIMUM, OPERATOR.owner, DEPOSITORS[0])
        assert refused(life.deposit, *deposit) == "bridge: frozen"

    def raise_end(self, fact: End, *words: Group) -> None:
        """Raise an END by these groups' words."""
        life, groups = self.life, self.life.chains.groups
        evidence = [groups.end(fact, group) if group in words else b"" for group in Group]
        later = list(life.links.commitments(life.height(fact.member), fact.number))
        Members(life, self.count).try_end(fact, later, words)
        seal = groups.seal(fact.number, fact.sync_hash)
        arguments = (fact.number, fact.sync_hash, later, seal, *evidence)
        life[fact.member].end.raise_end(*arguments, sender=GOVERNOR)

    @told("{chain} is taken to the last block, {last}, and exodus begins")
    def settle(self, chain: ChainId, last: int) -> None:
        """Import what it lacks, pay all that it owes, begin exodus."""
        life, here = self.life, self.life[chain]
        if chain != PRIMARY and life.height(chain) < last:
            assert refused(here.exodus.begin_exodus) == "exodus: may not begin yet"
            while life.height(chain) < last:
                count = self.dice.number("count", 1, min(last - life.height(chain), 3))
                life.import_(chain, count, pay=self.dice.chance("pay", 2), by_end=True)
                life.check(chain)
            self.count("imported by END")
        for number in sorted(life.owed[chain]):
            assert refused(here.exodus.begin_exodus) == "exodus: may not begin yet"
            life.execute(chain, number)
            life.check(chain)
        here.exodus.begin_exodus(sender=STRANGER)
        assert here.exodus.exit_root() == life.line[last].state.root
        life.check(chain)

    # -- cancellations -------------------------------------------------------------------------------------------------

    def cancel(self, chain: ChainId) -> None:
        """Give back every request that no block here contains, in order; nothing twice."""
        for lane in LANES:
            queue = self.life.queues[lane, chain]
            at = self.life.line[self.life.height(chain)].consumed.get((lane, chain), 0)
            while at < len(queue):
                batch = queue[at : at + 1 + self.dice.number("batch", 0, REQUEST_BATCH - 1)]
                self.cancel_batch(chain, lane, at, len(batch))
                at += len(batch)
            assert self.life[chain].exodus.settled_requests(lane) == len(queue)

    @told("{size} requests of lane {lane} of {chain} are cancelled, from request {at} on (counted from 0)")
    def cancel_batch(self, chain: ChainId, lane: Lane, at: int, size: int) -> None:
        """Whoever asked gets back what it brought, and exactly what it paid at the door."""
        life, exodus = self.life, self.life[chain].exodus
        batch = life.queues[lane, chain][at : at + size]
        expected: Counter[tuple[str, TokenId]] = Counter()
        coin: Counter[str] = Counter()
        for request in batch:
            token, amount = brought(request)
            if amount:
                expected[refund_receiver(request), token] += amount
            coin[refund_receiver(request)] += request.native_fee_gwei * WEI_PER_GWEI
        words = all_words(batch)
        sender = STRANGER
        if chain == WALLET_CHAIN and self.dice.chance("by the wallet", 2):
            sender = life.stage.wallet_person.address
            self.count("wallet cancels")
        life.pays(chain, lambda: life.send(chain, sender, exodus, "cancel_requests", lane, words), expected, coin)
        life.doors.given_back[chain] += fees_of(batch)
        for request in batch:
            token, amount = brought(request)
            life.left[chain, token] += amount
            assert ((lane, chain), request.request_id) not in life.cancelled
            life.cancelled.add(((lane, chain), request.request_id))
            self.count(f"cancelled {type(request).__name__}")
        assert refused(exodus.cancel_requests, lane, words) == "cancel: not the next requests"

    def close_doors(self, chain: ChainId, last: int) -> None:
        """No fee is open any more; what was earned goes to its recipient, and the bridge keeps no coin for it."""
        life = self.life
        collected = life.doors.collect(chain, life.line[last].consumed)
        self.diary.check("fees that stay", tuple(map(int, life[chain].bridge.fees())), (0, 0))
        self.count("fees collected at the end" if collected else "no fees at the end")

    # -- exits ---------------------------------------------------------------------------------------------------------

    def leave(self, chain: ChainId, last: int) -> None:
        """Every account leaves with every token; some try twice."""
        state = self.life.line[last].state
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
        recipient = owner_address(view.owner)
        is_elsewhere = view.owner[0] not in (0, chain)
        if key is not None and (is_elsewhere or self.dice.chance("signed", 2)):
            recipient = self.dice.pick(
                "recipient", (RECIPIENTS[0], RECIPIENTS[1], life[chain].receiver.address.lower())
            )
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
