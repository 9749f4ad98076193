"""SYN-3: nothing unset is ever valid."""

from dataclasses import replace

from tests.properties.test_syn_1_confirmations import accept, import_on, two_blocks
from tests.support.books.play import Play, refused
from tests.support.three_chains import BLOCKS_PER_DAY, CHAINS, GOVERNOR, PRIMARY, ZERO, A, C
from tests.support.upholds import upholds
from zklink.protocol.facts import End, Frozen, Group, QueueFact
from zklink.protocol.ids import BlockNumber, ChainId, Lane


@upholds("SYN-3")
class TestDefaults:
    """Zero, default and uninitialised values are never valid; a threshold of 0, duplicate signers and an empty group
    are refused.
    """

    def test_groups__bad_members__not_deployed(self, play: Play) -> None:
        known = play.chains.groups
        validators, watchers = list(known.validators.members), list(known.watchers.members)
        cases: list[tuple[list[str], int]] = [
            ([], 0),
            (watchers, 0),
            (watchers, 2),  # 2k > n
            (watchers[:4], 2),
            (watchers, 6),
            ([watchers[0], *watchers[:2]], 2),
            (watchers[::-1], 3),
            ([ZERO, *watchers[:2]], 2),
            (sorted([GOVERNOR, *watchers[:2]], key=lambda member: int(member, 16)), 2),
        ]
        for case in cases:
            refused(play.chains.deploy, A, "Groups", validators, 3, *case, GOVERNOR, BLOCKS_PER_DAY)
            refused(play.chains.deploy, A, "Groups", *case, validators, 3, GOVERNOR, BLOCKS_PER_DAY)
        shared = sorted([validators[0], *watchers[:2]], key=lambda member: int(member, 16))
        refused(play.chains.deploy, A, "Groups", validators, 3, shared, 2, GOVERNOR, BLOCKS_PER_DAY)
        refused(play.chains.deploy, A, "Groups", validators, 3, watchers, 3, ZERO, BLOCKS_PER_DAY)
        refused(play.chains.deploy, A, "Groups", validators, 3, watchers, 3, GOVERNOR, 0)
        play.chains.deploy(A, "Groups", validators, 3, watchers, 3, GOVERNOR, BLOCKS_PER_DAY)

    def test_enter__no_block__nothing_happens(self, play: Play) -> None:
        line = two_blocks(play)
        tips = [play[chain].tip() for chain in CHAINS]
        accept(play, replace(line.accept_call(1, 1), blocks=(), queues=()))
        import_on(play, A, replace(line.import_call(A, 1, 1), blocks=()))
        assert [play[chain].tip() for chain in CHAINS] == tips

    def test_accept__queue_that_does_not_exist__refused(self, play: Play) -> None:
        line = two_blocks(play)
        call = line.accept_call(1, 1, play.chains.ask_queue)
        for fact in (
            QueueFact(ChainId(9), Lane.SWAP, 1, b"\1" * 32),
            QueueFact(A, 0, 1, b"\1" * 32),  # type: ignore[arg-type]
            QueueFact(A, 3, 1, b"\1" * 32),  # type: ignore[arg-type]
        ):
            facts = (*call.queues, fact)
            told = replace(call, queues=facts, watchers=line.groups.queues(facts))
            assert refused(accept, play, told) in ("accept: no such queue", "")

    def test_execute__genesis_and_blocks_that_are_not_there__refused(self, play: Play) -> None:
        for number in (0, 1, 2**64 - 1):
            for words in ([], [0, 0, 0]):
                assert refused(play[A].history.execute, number, words, len(words) // 3).startswith("execute: ")

    def test_end__nothing_raised_announced_or_called__refused(self, play: Play) -> None:
        member, primary = play[A].end, play[PRIMARY].end
        refused(member.stand_end, [], sender=GOVERNOR)
        refused(member.deny_end, b"", sender=GOVERNOR)
        refused(member.void_end, sender=GOVERNOR)
        refused(primary.void_freeze, A, sender=GOVERNOR)
        refused(primary.freeze_for, A)
        for end in (member, primary):
            for lane in (0, 1, 2, 3):
                refused(end.confirm_freeze, lane)
            assert not end.may_open()

    def test_end__rounds_and_members_that_are_not__refused(self, play: Play) -> None:
        groups, member, primary = play.chains.groups, play[A].end, play[PRIMARY].end
        for fact in (Frozen(ChainId(0), 0), Frozen(PRIMARY, 0), Frozen(ChainId(9), 0), Frozen(A, 1)):
            refused(primary.announce_freeze, fact.chain, fact.round, groups.sign(fact, Group.WATCHERS))
        genesis = (BlockNumber(0), play.chains.deployment_hash)
        for end in (End(C, *genesis, 0), End(A, *genesis, 1), End(A, BlockNumber(0), bytes(32), 0)):
            evidence = [groups.end(end, group) for group in Group]
            refused(member.raise_end, end.number, end.sync_hash, [], b"", *evidence)
        assert member.ended() == (0, bytes(32))

    def test_exodus__before_the_end__refused(self, play: Play) -> None:
        for chain in CHAINS:
            refused(play[chain].exodus.begin_exodus)
            refused(play[chain].exodus.cancel_requests, Lane.SWAP, [0] * 5)
            refused(play[chain].exodus.exit, 0, 0, 0, [0] * 8)
