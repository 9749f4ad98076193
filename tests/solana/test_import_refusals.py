"""What an import refuses: what is malformed, has a wrong proof, lacks the word of both groups, or does not match the
own queue. Everything else it takes.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from eth_keys.datatypes import PrivateKey
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from tests.support.groups import Acc, sign
from tests.support.solana.blocks import History, Made, paid_here, words_of
from tests.support.solana.founding import SRM, Founding
from tests.support.solana.machine import key_of
from tests.support.solana.site import Site, open_site
from tests.support.upholds import upholds
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.primitives.field import Q, R
from zklink.protocol.bridge_blocks import pack_words
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.facts import Accepted, Group, Seal
from zklink.protocol.ids import Amount, BlockNumber, ChainId, Kind, Lane, RequestId
from zklink.solana.interface import accounts, instructions
from zklink.solana.interface.refusals import Refusal

BOB = key_of("bob").pubkey()
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HEAD = 32 * accounts.BLOCK_WORDS
LANE, TIMESTAMP, COUNTS, ROOT, COMMITMENT, PROOF = (32 * i for i in range(6))


def change(body: bytes, at: int, word: int) -> bytes:
    """A word of the body exchanged."""
    return body[:at] + word.to_bytes(32, "big") + body[at + 32 :]


def read_word(body: bytes, at: int) -> int:
    return int.from_bytes(body[at : at + 32], "big")


def bring(history: History, made: Made, body: bytes, refusal: Refusal) -> None:
    """Write a body that a block does not have, and see it refused."""
    history.bring(made, refusal, history.write(made, body))


@upholds("VER-1", "VER-2", "VER-8", "DAT-2")
def test_import__head_that_is_malformed__refused(site: Site, history: History) -> None:
    made = history.make(words_of(site.swap()))
    body = made.body()
    for at, word, refusal in (
        (LANE, 0, Refusal.LANE),
        (LANE, 3, Refusal.LANE),
        (LANE, 1 | 1 << 64, Refusal.LANE),
        (LANE, 1 | 1 << 255, Refusal.LANE),
        (LANE, 2, Refusal.ACCOUNT),
        (TIMESTAMP, read_word(body, TIMESTAMP) | 1 << 40, Refusal.FORM),
        (TIMESTAMP, read_word(body, TIMESTAMP) | 1 << 255, Refusal.FORM),
        (COUNTS, read_word(body, COUNTS) | 1 << 144, Refusal.UNKNOWN_CHAIN),
        (COUNTS, read_word(body, COUNTS) | 1 << 255, Refusal.UNKNOWN_CHAIN),
        (COUNTS, read_word(body, COUNTS) + (1 << 48), Refusal.FORM),
        (COUNTS, read_word(body, COUNTS) | 1 << 32, Refusal.FORM),
        (ROOT, R, Refusal.ROOT),
        (ROOT, 2**256 - 1, Refusal.ROOT),
        (COMMITMENT, R, Refusal.COMMITMENT),
        (HEAD + 32, R, Refusal.EVALUATION),
        (HEAD + 32, read_word(body, HEAD + 32) ^ 1, Refusal.VALIDATORS),
        (HEAD, read_word(body, HEAD) ^ 1, Refusal.VALIDATORS),
        (PROOF, read_word(body, PROOF) ^ 1, Refusal.PROOF),
        (PROOF + 32, read_word(body, PROOF + 32) + Q, Refusal.PROOF),
        (PROOF + 32, Q, Refusal.PROOF),
        (PROOF + 32, 0, Refusal.PROOF),
    ):
        bring(history, made, change(body, at, word), refusal)
    bring(history, made, body[: HEAD - 1], Refusal.FORM)
    bring(history, made, body + bytes(32), Refusal.FORM)
    history.bring(made)


@upholds("DAT-3")
def test_import__words_of_chains_that_take_no_part__refused(site: Site, history: History) -> None:
    for others in ({4: [1]}, {8: [1]}, {0: [1]}):
        history.bring(history.make((), others), Refusal.UNKNOWN_CHAIN)


def test_import__time_before_the_last_block__refused(site: Site, history: History) -> None:
    now = site.machine.now()
    history.bring(history.make((), timestamp=now))
    history.bring(history.make((), timestamp=now - 1), Refusal.BEFORE)
    history.bring(history.make((), timestamp=now + 10**6))


@upholds("VER-6")
def test_import__proof_of_other_inputs__refused(site: Site, history: History) -> None:
    made, other = history.make(words_of(site.swap())), history.make((), commitment=5)
    proof = other.member.block.proof
    swapped = replace(made, member=replace(made.member, block=replace(made.member.block, proof=proof)))
    history.bring(swapped, Refusal.PROOF)
    zero = replace(made, member=replace(made.member, block=replace(made.member.block, proof=(0,) * 8)))
    history.bring(zero, Refusal.PROOF)


@upholds("VER-7")
def test_import__keys_exchanged_since__refused(site: Site, history: History) -> None:
    made = history.make(words_of(site.swap()))
    data = bytearray(site.machine.data(site.keys))
    data[700] ^= 1
    site.machine.put(site.keys, site.id, bytes(data))
    history.bring(made, Refusal.KEYS)


def payout(**changes: object) -> Payout:
    return replace(paid_here(SRM, 1_000, BOB), **changes)  # type: ignore[arg-type]


def with_bit(word: int, bit: int) -> tuple[int, ...]:
    """An ordinary payout's words with a bit set."""
    words = list(payout().words())
    words[word] |= 1 << bit
    return tuple(words)


BAD_RECORDS: dict[str, tuple[Sequence[int], Refusal]] = {
    "payout of another chain": (payout(chain=ChainId(1)).words(), Refusal.RECORD),
    "refund of another chain's": (payout(kind=Kind.SWAP_REFUNDED, source=ChainId(1)).words(), Refusal.RECORD),
    "payout of the account lane": (payout(kind=Kind.WITHDRAW_PAYOUT).words(), Refusal.RECORD),
    "no kind": ((0, 0, 0), Refusal.RECORD),
    "kind 255": ((255 << 240, 0, 0), Refusal.RECORD),
    "request of no kind": ((255 << 240 | 3 << 232, 0, 0, 0, 0), Refusal.RECORD),
    "cut short by a word": (payout().words()[:2], Refusal.RECORD),
    "long first word": (with_bit(0, 248), Refusal.LONG_WORD),
    "long second word": (with_bit(1, 248), Refusal.UNUSED_BITS),
    "first zero bit of p0": (with_bit(0, 112), Refusal.UNUSED_BITS),
    "last zero bit of p0": (with_bit(0, 143), Refusal.UNUSED_BITS),
    "bits above between": (with_bit(2, 240), Refusal.UNUSED_BITS),
    "top bit of p2": (with_bit(2, 255), Refusal.UNUSED_BITS),
    "recipient of an EVM chain": (payout(recipient=bytes(12) + b"\xb1" * 20).words(), Refusal.SLICE_RECIPIENT),
    "no recipient": (payout(recipient=bytes(32)).words(), Refusal.SLICE_RECIPIENT),
}


@upholds("DAT-2", "DAT-3", "EXI-4")
def test_import__record_that_is_none__refused(site: Site, history: History) -> None:
    for words, refusal in BAD_RECORDS.values():
        history.bring(history.make(words), refusal)


def test_import__payout_to_the_bridge_or_between__refused_and_taken(site: Site, history: History) -> None:
    history.bring(history.make(payout(recipient=bytes(site.bridge)).words()), Refusal.SLICE_BRIDGE)
    history.bring(history.make(words_of(payout(between=Amount(2**112 - 1)), payout(amount=Amount(0), id=2))))


@upholds("QUE-1", "DAT-3")
def test_import__requests_that_are_not_the_next_ones__refused(site: Site, history: History) -> None:
    first, second = site.swap(), site.swap()
    changed = replace(first, amount=Amount(first.amount + 1))
    third = replace(second, request_id=RequestId(3))
    for requests in ((changed,), (second,), (second, first), (first, second, third), (first, first)):
        history.bring(history.make(words_of(*requests)), Refusal.REQUESTS)
    foreign = replace(first, source=ChainId(1))
    history.bring(history.make(words_of(foreign)), Refusal.RECORD)
    long = list(first.words())
    for i, refusal in enumerate((Refusal.LONG_WORD,) * 5):
        bad = [*long]
        bad[i] |= 1 << 248
        history.bring(history.make(bad), refusal)
    history.bring(history.make(first.words()[:4]), Refusal.RECORD)
    history.bring(history.make(words_of(first)))
    history.bring(history.make(words_of(first)), Refusal.REQUESTS)
    history.bring(history.make(words_of(second)))


@upholds("SOL-1")
def test_import__more_fees_than_are_open__refused(site: Site, history: History) -> None:
    made = history.make(words_of(site.swap(fee=7)))
    state = site.state() | {"open_fees": [6, 0]}
    site.machine.put(site.bridge, site.id, accounts.BRIDGE.pack(**state), 10**10)
    history.bring(made, Refusal.OPEN_FEES)


def test_import__128_payouts_are_taken__129_refused(site: Site, history: History) -> None:
    many = [payout(id=i + 1, amount=Amount(0)) for i in range(accounts.MAX_PAYOUTS + 1)]
    history.bring(history.make(words_of(*many)), Refusal.PAYOUTS)
    block = history.bring(history.make(words_of(*many[1:])))
    history.execute(block, SRM)
    history.close(block)


# --- the word of both groups ---


def with_acc(made: Made, validators: bytes | None = None, watchers: bytes | None = None) -> Made:
    """The block with other evidence."""
    acc = made.acc
    return replace(made, acc=Acc(acc.validators if validators is None else validators, watchers or acc.watchers))


@upholds("SYN-1", "SYN-3", "SYN-4", "SYN-9")
def test_import__evidence_that_is_no_word_of_a_group__refused(site: Site, history: History) -> None:
    made = history.make(words_of(site.swap()))
    digest = Accepted(BlockNumber(1), made.sync_hash).digest(site.deployment_hash)
    group, watchers = site.groups.validators, site.groups.watchers
    good = made.acc.validators
    s = int.from_bytes(good[32:64], "big")
    high = good[:32] + (ORDER - s).to_bytes(32, "big") + bytes([55 - good[64]]) + good[65:]
    stranger = PrivateKey(b"\x07" * 32)
    mixed = sorted([*group.keys[:2], stranger], key=lambda key: int(key.public_key.to_address(), 16))
    for evidence in (
        b"",
        good[:130],
        good[:65] * 3,
        good[65:130] + good[:65] + good[130:],
        high,
        good[:64] + b"\x1d" + good[65:],
        good[:64] + b"\0" + good[65:],
        bytes(65) * 3,
        (bytes(64) + b"\x1b") * 3,
        group.evidence(digest, mixed),
        watchers.evidence(digest),
        group.evidence(Seal(BlockNumber(1), made.sync_hash).digest(site.deployment_hash)),
        group.evidence(Accepted(BlockNumber(2), made.sync_hash).digest(site.deployment_hash)),
        group.evidence(Accepted(BlockNumber(1), bytes(32)).digest(site.deployment_hash)),
        group.evidence(Accepted(BlockNumber(1), made.sync_hash).digest(bytes(32))),
        good + sign(digest, stranger),
    ):
        history.bring(with_acc(made, evidence), Refusal.VALIDATORS)
    history.bring(with_acc(made, watchers=good), Refusal.WATCHERS)
    history.bring(with_acc(made, watchers=made.acc.watchers[:65]), Refusal.WATCHERS)
    history.bring(with_acc(made, group.evidence(digest, group.keys)))


@upholds("SYN-3")
@pytest.mark.parametrize("missing", ["validators", "watchers"])
def test_import__before_a_group_stands__needs_its_word(missing: str) -> None:
    site = Site()
    site.put_keys()
    site.init()
    for group in (Group.VALIDATORS, Group.WATCHERS):
        if group.name.lower() != missing:
            site.found_group(group)
    history = History(site)
    made = history.make(())
    watchers = missing == "watchers"
    acc = made.acc._replace(watchers=b"") if watchers else made.acc._replace(validators=b"")
    refusal = Refusal.WATCHERS if watchers else Refusal.VALIDATORS
    history.bring(replace(made, acc=acc), refusal)
    history.bring(made, refusal)


@upholds("SYN-1", "SYN-2", "SYN-8")
def test_import__path_that_leads_elsewhere__refused(site: Site, history: History) -> None:
    made = history.make(words_of(site.swap()), later=[b"\x05" * 32, b"\x06" * 32])
    history.bring(replace(made, later=(b"\x06" * 32, b"\x05" * 32)), Refusal.VALIDATORS)
    history.bring(replace(made, later=made.later[:1]), Refusal.VALIDATORS)
    history.bring(made)


# --- accounts of blocks ---


def test_block_account__written_by_its_writer_alone__and_not_after_import(site: Site, history: History) -> None:
    made = history.make(words_of(site.swap(), payout()))
    account = history.write(made)
    eve = key_of("eve")
    size = len(made.body())

    def write(at: int, piece: bytes, refusal: Refusal, writer: str = "writer") -> None:
        places = {"writer": key_of(writer).pubkey(), "block": account}
        site.call(instructions.WRITE_BLOCK, places, key_of(writer), tail=piece, at=at, refusal=refusal)

    write(0, b"\1", Refusal.SIGNER, "eve")
    write(size - 1, b"\1\2", Refusal.INPUT)
    write(65_535, b"\1", Refusal.INPUT)
    history.close(account, eve, Refusal.SIGNER)
    history.execute(account, SRM, refusal=Refusal.STAGE)
    history.bring(made, account=account)
    write(0, b"\1", Refusal.STAGE)
    history.bring(made, Refusal.STAGE, account)
    history.close(account, refusal=Refusal.OWED)
    history.execute(account, SRM)
    history.execute(account, SRM, refusal=Refusal.STAGE)


def test_open_block__account_in_use_or_too_small__refused(site: Site, history: History) -> None:
    made = history.make(())
    account = history.write(made)
    places = {"writer": site.writer.pubkey(), "block": account, "bridge": site.bridge}
    counts = {"later": 0, "validators": 3, "watchers": 3}

    def open_block(block: Pubkey, refusal: Refusal, **changes: int) -> None:
        values: dict[str, Any] = counts | changes
        encoded = site.encode(
            instructions.OPEN_BLOCK, places | {"block": block}, instructions.OPEN_BLOCK.encode(**values)
        )
        site.send(instructions.OPEN_BLOCK, encoded, site.writer, refusal=refusal)

    for own in (account, site.keys, site.swap_queue, site.account_queue):
        open_block(own, Refusal.EXISTS)
    open_block(site.token(SRM), Refusal.ACCOUNT)
    small = site.machine.put(key_of("small").pubkey(), site.id, bytes(accounts.BLOCK.size - 1))
    open_block(small, Refusal.ACCOUNT)
    new = site.machine.put(key_of("new").pubkey(), site.id, bytes(accounts.BLOCK.size))
    for change_ in ({"later": 257}, {"validators": 17}, {"watchers": 17}):
        open_block(new, Refusal.FORM, **change_)
    foreign = site.machine.put(key_of("foreign").pubkey(), BOB, bytes(accounts.BLOCK.size))
    open_block(foreign, Refusal.ACCOUNT)


def test_close_block__and_use_in_the_same_transaction__does_not_revive(site: Site, history: History) -> None:
    made = history.make(())
    account = history.bring(made)
    places = {"writer": site.writer.pubkey(), "block": account, "bridge": site.bridge}
    close = site.encode(instructions.CLOSE_BLOCK, places, instructions.CLOSE_BLOCK.encode())
    again = site.encode(
        instructions.OPEN_BLOCK, places, instructions.OPEN_BLOCK.encode(later=0, validators=3, watchers=3)
    )
    payer = site.machine.payer.pubkey()
    back = transfer(TransferParams(from_pubkey=payer, to_pubkey=account, lamports=10**9))
    site.send(instructions.OPEN_BLOCK, again, site.writer, before=[close, back], refusal=Refusal.ACCOUNT)
    site.machine.send([close, back], site.writer)
    left = site.machine.svm.get_account(account)
    assert left is not None and (bytes(left.data), left.owner) == (b"", Pubkey.default())


# --- the account lane ---


def plant_account_requests(site: Founding, words: Sequence[Sequence[int]], fees: int) -> None:
    """Put requests into the account queue, as its doors would."""
    queue = bytearray(site.machine.data(site.account_queue))
    queue_hash, entry = site.deployment_hash, accounts.ACCOUNT_ENTRY
    for i, request in enumerate(words, 1):
        queue_hash = next_queue_hash(queue_hash, request)
        at = accounts.QUEUE_HEAD.size + i * entry.size
        queue[at : at + entry.size] = entry.pack(hash=queue_hash, words=list(request))
    site.machine.put(site.account_queue, site.id, bytes(queue), 10**10)
    state = accounts.BRIDGE.unpack(site.machine.data(site.bridge))
    state |= {"totals": [state["totals"][0], len(words)], "open_fees": [state["open_fees"][0], fees]}
    site.machine.put(site.bridge, site.id, accounts.BRIDGE.pack(**state), 10**10)


def request_words(kind: Kind, id: int, fee: int) -> list[int]:
    """Words of a request of the account lane of this chain."""
    return [kind << 240 | 3 << 232 | id << 160 | 1 << 144, 5, fee << 72 | 9, 6]


def as_part(words: Sequence[int]) -> list[int]:
    """A full exit as it stands in a block that serves it in part."""
    return [words[0] ^ (Kind.FULL_EXIT ^ Kind.FULL_EXIT_PART) << 240, *words[1:]]


@upholds("QUE-1", "DAT-2")
def test_import__account_lane__requests_parts_and_payouts(site: Site, history: History) -> None:
    kinds = (Kind.DEPOSIT, Kind.FULL_EXIT, Kind.KEY_REQUEST)
    deposit, full_exit, key = (request_words(kind, i, 10 * i) for i, kind in enumerate(kinds, 1))
    plant_account_requests(site, [deposit, full_exit, key], 60)
    exits = [
        payout(kind=kind, source=ChainId(source), id=1, amount=Amount(0))
        for kind, source in ((Kind.WITHDRAW_PAYOUT, 0), (Kind.FULL_EXIT_PAYOUT, 1), (Kind.FORCED_EXIT_PAYOUT, 0))
    ]

    def bring_words(words: Sequence[int], refusal: Refusal | None = None) -> None:
        history.bring(history.make(words, {0: [7], 1: [8]}, Lane.ACCOUNT), refusal)

    other = request_words(Kind.FULL_EXIT, 2, 21)
    bring_words(as_part(full_exit), Refusal.REQUESTS)
    bring_words([*deposit, *as_part(other)], Refusal.REQUESTS)
    bring_words([*deposit, *as_part(full_exit), *key], Refusal.OTHER_FULL_EXIT)
    bring_words([*deposit, *as_part(full_exit), *as_part(full_exit)])
    assert (site.state()["consumed"], site.state()["open_fees"], site.state()["earned_fees"]) == ([0, 1], [0, 50], 10)
    bring_words([*as_part(full_exit), *full_exit, *key, *words_of(*exits)])
    assert (site.state()["consumed"], site.state()["open_fees"], site.state()["earned_fees"]) == ([0, 3], [0, 0], 60)
    bring_words(as_part(full_exit), Refusal.REQUESTS)
    bring_words(request_words(Kind.TRANSFER, 1, 0), Refusal.RECORD)
    bring_words(request_words(Kind.CHANGE_PUB_KEY, 1, 0), Refusal.RECORD)
    bring_words(payout().words(), Refusal.RECORD)
    for kind, source in ((Kind.WITHDRAW_PAYOUT, 3), (Kind.FORCED_EXIT_PAYOUT, 1)):
        bring_words(payout(kind=kind, source=ChainId(source)).words(), Refusal.RECORD)
    for i in range(1, 4):
        bad = [*deposit]
        bad[i] |= 1 << 248
        bring_words(bad, Refusal.LONG_WORD)
    bring_words([deposit[0] ^ 1 << 232, *deposit[1:]], Refusal.RECORD)
    bring_words(deposit[:3], Refusal.RECORD)


@upholds("VER-5")
def test_import__another_proof_of_the_same_block__same_state() -> None:
    """With A and B negated a proof has other bytes and shows the same."""
    states = []
    for is_other in (False, True):
        site = open_site()
        history = History(site)
        made = history.make(words_of(site.swap()))
        ax, ay, x1, x0, y1, y0, cx, cy = made.member.block.proof
        if is_other:
            proof = (ax, Q - ay, x1, x0, Q - y1, Q - y0, cx, cy)
            made = replace(made, member=replace(made.member, block=replace(made.member.block, proof=proof)))
        account = history.bring(made)
        states.append((site.state(), site.machine.data(account)[: accounts.BLOCK.size], made.body()))
    (one, one_head, one_body), (other, other_head, other_body) = states
    assert (one, one_head) == (other, other_head)
    assert one_body != other_body and len(one_body) == len(other_body)


def test_bodies__of_the_same_block__stand_as_the_abi_has_them(site: Site, history: History) -> None:
    made = history.make(words_of(site.swap()))
    block = made.member.block
    head = (block.lane, block.timestamp, block.counts, block.new_root, block.commitment, *block.proof)
    assert made.body()[:HEAD] == pack_words(map(int, head)) and len(head) == accounts.BLOCK_WORDS
    assert isinstance(SwapRequest.from_words(made.member.words), SwapRequest)
    assert site.groups.sign(Accepted(BlockNumber(1), made.sync_hash), Group.VALIDATORS) == made.acc.validators
