"""Groups that change in the lifetime machine: the governor announces members, who take over when the delay is over, and
removes one at once; what those say who are gone counts nowhere any more.

Takes a life and chance; changes the groups on every chain, and with which keys the honest sign from then on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tests.properties.lifetime.life import Life
from tests.support.books.diary import say
from tests.support.books.play import refused
from tests.support.groups import KnownGroup, KnownGroups, sort_keys
from tests.support.three_chains import CHAINS, GOVERNOR, MEMBERS, PRIMARY, SEQUENCER, STRANGER
from zklink.lab.machines import Dice, step
from zklink.protocol.facts import End, Frozen, Group, Seal
from zklink.protocol.ids import (
    GROUP_DELAY_SECONDS,
    MAX_AGE_SECONDS,
    SILENCE_SECONDS,
    BlockNumber,
    ChainId,
    Lane,
)

HEARTBEAT_SECONDS = SILENCE_SECONDS - 3_600
"""After so long without anything the sequencer seals an empty block."""
BEATS = -(-GROUP_DELAY_SECONDS // HEARTBEAT_SECONDS)
SIZE, THRESHOLD = 5, 3
NO_WORD = "groups: not of this group"


@dataclass
class Members:
    """How they come and go."""

    life: Life
    count: Callable[[str], None]

    # -- coming and going ----------------------------------------------------------------------------------------------

    @step()
    def remove_member(self, chain: ChainId, dice: Dice) -> None:
        """The governor removes a member of a group on every chain, at once: its word counts no more."""
        group = dice.pick("group", tuple(Group))
        known = self.life.groups.group(group)
        gone = dice.pick("gone", known.keys)
        member = gone.public_key.to_checksum_address()
        contracts = [here.groups for here in self.life.chains]
        for sender in (STRANGER, SEQUENCER):
            reason = refused(contracts[0].remove_member, int(group), member, sender=sender)
            assert reason == "groups: not the governor"
        kept = tuple(key for key in known.keys if key != gone)
        if len(kept) < THRESHOLD or group in self.life.removed:
            reason = refused(contracts[0].remove_member, int(group), member, sender=GOVERNOR)
            is_small = len(kept) < THRESHOLD
            assert reason == ("groups: too few would remain" if is_small else "groups: too early to remove")
            self.count("second removal refused")
            return
        for contract in contracts:
            contract.remove_member(int(group), member, sender=GOVERNOR)
        self.life.diary.write(f"the governor removes one of the {say(group)}")
        self.life.removed.add(group)
        old = KnownGroup(sort_keys((gone, *kept[: THRESHOLD - 1])), THRESHOLD)
        self.change(group, KnownGroup(kept, THRESHOLD), old)
        self.count(f"one of the {say(group)} removed")

    def rotate(self, dice: Dice, late: Callable[[ChainId, Dice], None]) -> None:
        """Members are announced on every chain. The sequencer keeps the primary awake until they take over; the members
        who were there before have a word until then, and none after.
        """
        life, group = self.life, dice.pick("group", tuple(Group))
        known = life.groups.group(group)
        fresh = KnownGroup.make(f"{group.name} of {life.now()}").keys
        kept = dice.number("kept", 0, THRESHOLD - 1)
        coming = KnownGroup(sort_keys((*known.keys[:kept], *fresh[: SIZE - kept])), THRESHOLD)
        life.diary.write(f"the governor announces new {say(group)}; {kept} of the old ones stay")
        self.beat()
        for here in life.chains:
            here.groups.announce_members(int(group), coming.members, THRESHOLD, sender=GOVERNOR)
        for beat in range(BEATS):
            for here in life.chains:
                assert refused(here.groups.replace_members, sender=STRANGER) == "groups: too early to replace"
            life.advance(HEARTBEAT_SECONDS)
            self.beat()
            if beat % 8 == 0:
                late(dice.pick("member", MEMBERS), dice)
        for here in life.chains:
            here.groups.replace_members(sender=STRANGER)
        life.removed.clear()  # the delay is over for them, too
        self.change(group, coming, KnownGroup(known.keys[-THRESHOLD:], THRESHOLD))
        self.beat()
        self.count(f"new {say(group)}")

    def beat(self) -> None:
        """The sequencer seals an empty block after what the primary has, and the primary accepts it."""
        life, height = self.life, self.life.height(PRIMARY)
        if life.line[-1].number > height:
            life.drop(height)
        life.seal(Lane.ACCOUNT, [])
        self.try_accept(1)
        life.accept(PRIMARY, 1)

    def change(self, group: Group, new: KnownGroup, old: KnownGroup) -> None:
        """From now on these sign; the old word is refused on every chain."""
        life = self.life
        life.set_groups(put(life.groups, group, new))
        life.retired.append((group, old))
        self.check_views()

    # -- old words -----------------------------------------------------------------------------------------------------

    def stale(self, last: int = 1) -> Iterator[tuple[Group, KnownGroups]]:
        """Words of such of whom some are gone, by default the last one: of which group, and both groups with it."""
        for group, old in self.life.retired[-last:]:
            if set(old.keys) - set(self.life.groups.group(group).keys):
                yield group, put(self.life.groups, group, old)

    def check_views(self) -> None:
        """On every chain the honest have a word, and those who are gone have none."""
        for chain in CHAINS:
            self.has_word(chain, self.life.groups, Group.VALIDATORS)
            self.has_word(chain, self.life.groups, Group.WATCHERS)
            for group, old in self.stale():
                assert refused(self.has_word, chain, old, group) == NO_WORD

    def has_word(self, chain: ChainId, groups: KnownGroups, group: Group) -> None:
        """Ask a chain. Raises Reverted."""
        contract, deployment = self.life[chain].groups, self.life.chains.deployment_hash
        if group is Group.VALIDATORS:
            number, sync_hash = self.life.height(PRIMARY), self.life.links.sync_hash(self.life.height(PRIMARY))
            evidence = groups.sign(Seal(BlockNumber(number), sync_hash), group)
            contract.check_seal(deployment, number, sync_hash, evidence)
        else:
            contract.check_frozen(deployment, MEMBERS[0], 0, groups.sign(Frozen(MEMBERS[0], 0), group))

    def try_accept(self, count: int) -> None:
        """The primary refuses the next blocks by old words."""
        life, first = self.life, self.life.height(PRIMARY) + 1
        if life.now() > life.line[first].timestamp + MAX_AGE_SECONDS:
            return
        for group, old in self.stale():
            line = replace(life.links, groups=old)
            call = line.accept_call(first, first + count - 1, life.chains.ask_queue, pay=False)
            if group is Group.WATCHERS and not call.queues:
                continue
            assert refused(life[PRIMARY].history.accept, *call.abi(), sender=SEQUENCER) == NO_WORD
            self.count(f"old word of {say(group)} refused by accept")

    def try_import(self, chain: ChainId, count: int) -> None:
        """A member refuses the next blocks by old words."""
        life, first = self.life, self.life.height(chain) + 1
        for group, old in self.stale():
            line = replace(life.links, groups=old)
            call = line.import_call(chain, first, first + count - 1, life.height(PRIMARY), pay=False)
            assert refused(life[chain].history.import_blocks, *call.abi(), sender=STRANGER) == NO_WORD
            self.count(f"old word of {say(group)} refused by import")

    def try_end(self, fact: End, later: list[bytes], said: tuple[Group, ...]) -> None:
        """A member refuses END by old words."""
        for group, old in self.stale(len(self.life.retired)):
            if group in said:
                evidence = [old.end(fact, one) if one in said else b"" for one in Group]
                arguments = (fact.number, fact.sync_hash, later, old.seal(fact.number, fact.sync_hash), *evidence)
                assert refused(self.life[fact.member].end.raise_end, *arguments, sender=GOVERNOR) == NO_WORD
                self.count(f"old word of {say(group)} refused by END")


def put(groups: KnownGroups, group: Group, known: KnownGroup) -> KnownGroups:
    """Both groups, one of them another."""
    return replace(groups, validators=known) if group is Group.VALIDATORS else replace(groups, watchers=known)
