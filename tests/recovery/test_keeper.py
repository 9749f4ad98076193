"""What anybody's keeper does in peace, and what it makes of ENDs that wait. Real contracts; proofs are believed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ending import OTHER, USD, K, P, Story
from zklink.devnet.system import LocalSystem
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import EndWord
from zklink.l1.transport.client import encode_call
from zklink.l1.transport.submission import Call
from zklink.protocol.errors import HistoryIncomplete, WordsInvalid
from zklink.protocol.facts import Accepted, End, EndDenial, Frozen, Group
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.protocol.limits import MAX_BLOCKS, MAX_CALL_WORDS, MAX_CLAIMS, MAX_LATER
from zklink.recovery import common_steps, import_batch, long_paths, member_steps
from zklink.recovery.groups_asked import GroupsAsked
from zklink.recovery.import_batch import take_batch
from zklink.recovery.outcome import Window
from zklink.recovery.words_kept import WordsKept, read_words, write_words


@pytest.fixture
def story(credulous: LocalSystem) -> Iterator[Story]:
    found = Story(credulous)
    found.fund()
    yield found


def test_round__payouts_are_owed__paid_as_many_as_a_call_takes(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common_steps, "PAYOUTS_A_CALL", 2)
    story.writer.accept(story.build(*(story.swap(OTHER, P) for _ in range(3))), pay=False)
    assert story.bridge(P).history.tip().unpaid == 1
    said = [line for line in story.keep() if line.startswith("avalanche")]
    assert said == ["avalanche: 2 payouts of block 3 paid", "avalanche: 1 payout of block 3 paid"]
    assert story.bridge(P).history.tip().unpaid == 0
    assert story.keep() == [], "nothing is due"


def test_round__one_chain_is_away__said_once_and_the_others_are_kept(story: Story) -> None:
    story.settle(story.swap(OTHER, P))
    story.confirm()
    keeper, said = story.keeper, list[str]()
    with story.silenced(K):
        while keeper.round(said.append):
            story.confirm()
        keeper.round(said.append)
    assert sum(line.startswith("polygon") and "nobody answers" in line for line in said) == 1
    assert (story.tip(OTHER), story.tip(K)) == (3, 2)


def test_learn__acc_stands_in_a_members_calldata__another_member_is_shown_it_without_signers(story: Story) -> None:
    story.settle(story.swap(K, OTHER))
    story.settle(story.swap(OTHER, K))
    story.confirm()
    story.writer.import_on(OTHER)
    story.open_read(GroupsAsked())
    assert story.run(K).startswith("it is not frozen")
    assert story.tip(K) == 4
    assert Accepted(BlockNumber(4), story.writer.line.sync_hash(4)) in story.read.groups.kept.facts(Accepted)


def test_learn__evidence_that_is_none__is_not_believed(story: Story) -> None:
    story.run_all()
    story.open_read(GroupsAsked())
    story.read.learn()
    places = story.read.groups.kept.facts(Accepted)
    assert places
    assert all(story.writer.line.sync_hash(place.number) == place.sync_hash for place in places)


def test_advance__a_member_lags_by_many_blocks__brought_there_in_pieces(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (long_paths, member_steps):
        if hasattr(module, "MAX_LATER"):
            monkeypatch.setattr(module, "MAX_LATER", 3)
    monkeypatch.setattr("zklink.recovery.import_steps.MAX_LATER", 3)
    monkeypatch.setattr(import_batch, "MAX_BLOCKS", 2)
    for _ in range(8):
        story.settle(story.swap(P, OTHER))
    story.confirm()
    story.pass_days(3)
    said = [line for line in _run(story, K) if line.startswith("polygon")]
    assert "polygon: history opened up to block 5" in said and "polygon: history opened up to block 10" in said
    assert "polygon: END raised at block 10 by both groups; it stands" in said
    assert next(line for line in said if "imported" in line) == "polygon: 2 blocks from 3 on imported"
    assert story.tip(K) == 10 and story.bridge(K).exodus.is_begun()


def _run(story: Story, chain: ChainId) -> list[str]:
    story.run(P)
    story.confirm()
    story.run(chain)
    return story.said


def test_lead__the_primary_never_had_what_a_member_stands_on__says_which_block(story: Story) -> None:
    other = Accepted(BlockNumber(9), b"\x07" * 32)
    with pytest.raises(HistoryIncomplete, match="avalanche, block 9: no calldata"):
        story.read.lead(K, story.bridge(K).history.tip(), other)


@pytest.mark.parametrize("group", Group)
def test_deny_end__a_true_one__is_left_alone(story: Story, group: Group) -> None:
    story.pass_days(3)
    line, roles = story.writer.line, story.system.world.roles
    fact = End(K, line.height, line.sync_hash(), 0)
    sender = roles.stranger if group is Group.WATCHERS else roles.governor
    evidence = {group.name.lower(): story.writer.groups.end(fact, group)}
    story.bridge(K).member_end.raise_end(sender, fact, (), line.seal(), **evidence)
    said = story.keep()
    assert not any("denied" in line for line in said)
    assert "polygon: END raised at block 2 by both groups; it stands" in said
    assert story.end(K).word is EndWord.VALIDATORS_AND_WATCHERS and story.end(K).stands


def test_words__written_and_read__what_was_signed(story: Story, tmp_path: Path) -> None:
    path, hash_ = tmp_path / "words.json", story.system.deployment.deployment_hash
    end, frozen = End(K, BlockNumber(3), b"\x01" * 32, 1), Frozen(OTHER, 2)
    kept = WordsKept()
    place, denial = Accepted(BlockNumber(4), b"\x02" * 32), EndDenial(K, BlockNumber(3), b"\x01" * 32, 1)
    for evidence in (b"v", b"n", b"v"):
        kept.keep_both(place, evidence, b"w")
    kept.keep_both(end, b"", b"watch")
    kept.keep_both(end, b"valid", b"")
    kept.keep(frozen, Group.WATCHERS, b"f")
    kept.keep_both(denial, b"d", b"e")
    assert kept.of(place, Group.VALIDATORS) == (b"n", b"v"), "each once, the newest first"
    assert kept.of(end, Group.VALIDATORS) == (b"valid",) and kept.of(end, Group.WATCHERS) == (b"watch",)
    write_words(path, hash_, kept)
    again = WordsKept()
    read_words(path, hash_, again)
    assert again == kept
    for text in ("{}", "[]", "\x00", '{"format": "zklink.exits.3"}'):
        path.write_text(text)
        with pytest.raises(WordsInvalid, match=r"words\.json"):
            read_words(path, hash_, again)
    write_words(path, bytes(32), kept)
    with pytest.raises(WordsInvalid, match="deployment 0x00"):
        read_words(path, hash_, again)


def test_words__from_a_file__bring_a_member_to_its_end_without_signers(story: Story, tmp_path: Path) -> None:
    story.settle(story.swap(K, OTHER, 3 * USD))
    story.pass_days(3)
    path, hash_ = tmp_path / "words.json", story.system.deployment.deployment_hash
    history = story.read.history()
    fact = End(K, history.height, history.sync_hash(history.height), 0)
    assert all(story.read.groups.find_end(history, fact, story.read.judge(K)))
    write_words(path, hash_, story.read.groups.kept)
    story.open_read(GroupsAsked())
    read_words(path, hash_, story.read.groups.kept)
    assert story.run(K) == ""
    assert story.bridge(K).exodus.is_begun() and story.tip(K) == 3


@pytest.mark.parametrize(
    ("words", "claims", "taken"),
    [
        ([1] * 40, [2] * 40, MAX_BLOCKS),
        ([MAX_CALL_WORDS // 2] * 3, [2] * 3, 2),
        ([MAX_CALL_WORDS + 1], [2], 1),
        ([1] * 9, [MAX_CLAIMS // 2] * 9, 2),
        ([], [], 0),
    ],
)
def test_take_batch__limits_of_a_call__never_above_and_at_least_one(
    words: list[int], claims: list[int], taken: int
) -> None:
    assert take_batch(((0,) * count for count in words), claims) == taken


def test_window__seconds_and_blocks__over_when_both_are() -> None:
    window = Window(1_000, 10, 2 * 86_400, 6)

    def at(seconds: int, block: int) -> "object":
        return type("Head", (), {"timestamp": 1_000 + seconds, "number": 10 + block})()

    assert not window.is_over(at(2 * 86_400, 11)) and not window.is_over(at(2 * 86_400 - 1, 12))  # type: ignore[arg-type]
    assert window.is_over(at(2 * 86_400, 12))  # type: ignore[arg-type]
    assert window.describe(at(2 * 86_400, 7)) == "until its block 22, 5 blocks from now"  # type: ignore[arg-type]
    assert window.describe(at(0, 0)).startswith("until 1970-01-03")  # type: ignore[arg-type]


def test_raise_end__a_false_one_waits__the_word_of_both_groups_takes_its_place(story: Story) -> None:
    line = story.writer.line
    fact = End(K, line.height, line.sync_hash(), 0)
    attacker = story.system.world.roles.attacker
    watchers = story.writer.groups.end(fact, Group.WATCHERS)
    story.bridge(K).member_end.raise_end(attacker, fact, (), line.seal(), watchers=watchers)
    story.settle(story.swap(P, OTHER))
    story.confirm()
    story.open_read(GroupsAsked(story.read.groups.validators, story.read.groups.watchers))
    story.pass_days(2.1)
    story.bridge(P).primary_end.freeze_for_silence(attacker)
    story.confirm()
    member_steps.raise_end(story.read, K, attacker, is_contested=True)
    assert (story.end(K).number, story.end(K).stands) == (3, True)


@pytest.mark.parametrize("is_known", [True, False])
def test_fell_end__another_block_beside_an_accepted_one__its_own_calldata_shows_it(
    story: Story, is_known: bool
) -> None:
    swap, line = story.swap(K, OTHER), story.writer.line
    rival = line.branch(2)
    rival.append(story.build(story.swap(OTHER, K)))
    story.settle(swap)
    story.confirm()
    place = Accepted(BlockNumber(3), line.sync_hash(3))
    if is_known:
        assert story.read.groups.find_accepted(story.read.history(), place, story.read.judge(K)) is not None
    fact = End(K, BlockNumber(3), rival.sync_hash(3), 0)
    roles, evidence = story.system.world.roles, story.writer.groups.end(fact, Group.WATCHERS)
    end = story.bridge(K).member_end
    end.raise_end(roles.attacker, fact, rival.commitments(2, 3), rival.seal(3), watchers=evidence)
    fell = member_steps.fell_end(story.read, K, roles.stranger)
    if not is_known:
        assert fell is None and story.end(K).word is EndWord.WATCHERS
        return
    assert fell is not None and "both groups have said that block 3 is accepted" in fell.what  # type: ignore[union-attr]
    assert (story.end(K).word, story.end(K).round) == (EndWord.NONE, 1)


@pytest.mark.parametrize("limit", [MAX_LATER, 1])
@pytest.mark.parametrize("pieces", [1, 2])
def test_fell_end__a_contract_raised_it__its_path_is_read_from_events(
    story: Story, monkeypatch: pytest.MonkeyPatch, limit: int, pieces: int
) -> None:
    monkeypatch.setattr(long_paths, "MAX_LATER", limit)
    monkeypatch.setattr(member_steps, "MAX_LATER", limit)
    swap, line = story.swap(K, OTHER), story.writer.line
    rival = line.branch(2)
    for _ in range(3):
        rival.append(story.build(story.swap(OTHER, K)))
    story.settle(swap)
    story.confirm()
    place = Accepted(BlockNumber(3), line.sync_hash(3))
    assert story.read.groups.find_accepted(story.read.history(), place, story.read.judge(K)) is not None
    fact = End(K, BlockNumber(5), rival.sync_hash(5), 0)
    end, attacker = story.bridge(K).member_end, story.system.world.roles.attacker
    watchers = story.writer.groups.end(fact, Group.WATCHERS)
    base, path = (BlockNumber(2), line.sync_hash(2)), rival.commitments(2, 5)
    if pieces == 2:
        middle = (BlockNumber(4), rival.sync_hash(4))
        send_unseen(story, end.encode("open_path", *base, *base, path[:2]))
        send_unseen(story, end.encode("open_path", *base, *middle, path[2:]))
        path = ()
    send_unseen(story, end.encode("raise_end", fact.number, fact.sync_hash, path, rival.seal(5), b"", watchers))
    assert story.end(K).word is EndWord.WATCHERS
    said = [member_steps.fell_end(story.read, K, attacker) for _ in range(2 if limit == MAX_LATER else 4)]
    assert [done is None for done in said] == [False] * (len(said) - 1) + [True]
    assert (story.end(K).word, story.end(K).round) == (EndWord.NONE, 1)


def send_unseen(story: Story, call: Call) -> None:
    """Have a contract on K make a call that stands in no input of the transaction."""
    client, artifact = story.bridge(K).client, load_contract("Assembler")
    attacker = story.system.world.roles.attacker
    contract = client.contract(client.deploy(attacker, artifact), artifact)
    client.send(attacker, encode_call(contract, "keep", call.data))
    client.send(attacker, encode_call(contract, "send", call.to))


def test_fell_end__an_acc_that_agrees__is_no_reason(story: Story) -> None:
    story.settle(story.swap(K, OTHER))
    story.settle(story.swap(OTHER, K))
    story.confirm()
    line, history = story.writer.line, story.read.history()
    for number in (3, 4):  # in this order: no signer goes back
        place = Accepted(BlockNumber(number), line.sync_hash(number))
        assert story.read.groups.find_accepted(history, place, story.read.judge(K)) is not None
    fact = End(K, BlockNumber(4), line.sync_hash(4), 0)
    roles, evidence = story.system.world.roles, story.writer.groups.end(fact, Group.WATCHERS)
    end = story.bridge(K).member_end
    end.raise_end(roles.attacker, fact, line.commitments(2, 4), line.seal(4), watchers=evidence)
    assert member_steps.fell_end(story.read, K, roles.stranger) is None
