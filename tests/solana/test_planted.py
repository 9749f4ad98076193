"""Accounts that earlier code at the program's address has left: a second bridge, tokens, blocks, fills, paths, exits of
any content, anywhere and at their own addresses. No call believes them. What such code could write is everything but
the bridge's mark, which is the hash of a slot that came later.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import pytest
from solders.instruction import AccountMeta
from solders.instruction import Instruction as Call
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tests.solana.test_timelock_planted import second_address
from tests.support.drafts.escape import Exit
from tests.support.solana.account_doors import deposit
from tests.support.solana.blocks import History, paid_here, words_of
from tests.support.solana.ends import Ends
from tests.support.solana.every_call import is_unread, play_both_lanes, play_ends, play_groups
from tests.support.solana.founding import CAKE, SOL, SOLANA, SRM
from tests.support.solana.leaving import Leaving
from tests.support.solana.machine import SYSTEM, TOKEN_PROGRAM, Refused, associated, key_of
from tests.support.solana.site import Site, open_site
from tests.support.upholds import upholds
from zklink.protocol.facts import Group
from zklink.protocol.ids import (
    Lane,
    TokenId,
)
from zklink.solana.interface import accounts, addresses, end_instructions, instructions
from zklink.solana.interface.codec import Layout
from zklink.solana.interface.forms import Instruction
from zklink.solana.interface.refusals import Refusal

THIEF: Final = key_of("thief")
SOMEWHERE: Final = key_of("somewhere").pubkey()
LP: Final = TokenId(9)
MARK: Final = slice(8, 40)
MARKED: Final[dict[int, Layout]] = {
    accounts.TOKEN_TAG: accounts.TOKEN,
    accounts.BLOCK_TAG: accounts.BLOCK,
    accounts.FILL_TAG: accounts.FILL,
    accounts.PATH_TAG: accounts.PATH,
    accounts.EXIT_TAG: accounts.EXIT,
}
"""Kinds of accounts that are believed for what they say."""

BY_THEIR_WRITER: Final = {("write_block", "block"), ("extend_path", "path"), ("close_path", "path")}
"""What the writer of an account does with it alone."""
HARMLESS: Final = BY_THEIR_WRITER | {("pay", "fill"), ("swap", "token_via")}
"""A payout whose fill was not made here counts as not filled: the recipient gets all of it. Without a token between
nobody looks at that.
"""


def unmarked(data: bytes) -> bytes:
    """What earlier code could write: it does not know the mark."""
    return data[: MARK.start] + bytes(32) + data[MARK.stop :]


class Planted:
    """Before each call of a story it is tried with each account of the program planted."""

    def __init__(self, site: Site) -> None:
        self.site, self.worked, self.tried = site, list[tuple[str, str, str]](), set[tuple[str, str, str]]()
        site.watch = self

    def __call__(self, call: Instruction, right: Call, signers: Sequence[Keypair], before: Sequence[Call]) -> None:
        machine = self.site.machine
        if call is instructions.INIT:
            return
        for i, meta in enumerate(right.accounts):
            role = call.roles[min(i, len(call.roles) - 1)].name
            found = machine.svm.get_account(meta.pubkey)
            if found is None or found.owner != self.site.id or is_unread(call, bytes(right.data), role):
                continue
            for what, place, data in self.ways(meta.pubkey, bytes(found.data)):
                old = machine.svm.get_account(place)
                machine.put(place, self.site.id, data, found.lamports)
                metas = list(right.accounts)
                metas[i] = AccountMeta(place, meta.is_signer, meta.is_writable)
                self.attempt(call, what, role, [*before, Call(right.program_id, bytes(right.data), metas)], signers)
                if old is not None:
                    machine.put(place, old.owner, bytes(old.data), old.lamports)

    def ways(self, key: Pubkey, data: bytes) -> Iterator[tuple[str, Pubkey, bytes]]:
        """What is planted, where, and its bytes."""
        if key == self.site.bridge:
            yield "elsewhere", SOMEWHERE, data
            yield "at another bump", second_address(self.site.id, *addresses.BRIDGE_SEEDS), data
        elif int.from_bytes(data[:8], "little") in MARKED:
            yield "elsewhere", SOMEWHERE, unmarked(data)
            yield "at its address", key, unmarked(data)

    def attempt(
        self, call: Instruction, what: str, role: str, calls: Sequence[Call], signers: Sequence[Keypair]
    ) -> None:
        self.tried.add((call.name, what, role))
        try:
            self.site.machine.simulate(calls, *signers)
        except Refused:
            return
        if (call.name, role) not in HARMLESS:
            self.worked.append((call.name, what, role))

    def check(self, *kinds: str) -> None:
        """None worked, and accounts of these roles were tried, the bridge in every call that has one."""
        assert sorted(set(self.worked)) == []
        assert {role for _, _, role in self.tried} == {"bridge", *kinds}


@upholds("SOL-3", "SOL-4", "GOV-1")
def test_calls__each_account_of_the_program_planted__none_works() -> None:
    site = Site()
    planted = Planted(site)
    play_both_lanes(site)
    planted.check("token", "token_in", "token_out", "block", "fill")


@upholds("GOV-1", "GOV-2")
def test_calls_of_groups__bridge_planted__none_works() -> None:
    site = open_site()
    planted = Planted(site)
    play_groups(site)
    planted.check()


@upholds("EXI-1", "SYN-7")
def test_calls_of_ends__each_account_of_the_program_planted__none_works() -> None:
    site = open_site()
    planted = Planted(site)
    play_ends(site)
    planted.check("block", "evidence", "path", "token", "token_a", "token_b", "exit")


# --- what would be stolen ---


def put(site: Site, place: Pubkey, layout: Layout, tail: bytes = b"", **fields: Any) -> Pubkey:
    """Plant an account with these fields, all others zero."""
    zero = layout.unpack(bytes(layout.size))
    return site.machine.put(place, site.id, layout.pack(**(zero | fields)) + tail)


def rich_site() -> History:
    """SRM and SOL have come in; the thief has accounts."""
    history = History(open_site())
    site = history.site
    site.swap()
    site.swap(token_in=SOL, token_out=SRM, l1_amount=10**9)
    site.machine.fund(THIEF.pubkey(), 10**10)
    site.make_holding(THIEF.pubkey(), site.mints[SRM])
    return history


def books(site: Site) -> tuple[Any, ...]:
    """What could be stolen, and what says whose it is."""
    vault = site.machine.data(site.vaults[SRM])
    return vault, site.machine.lamports(site.sol), site.state(), site.books(SRM), site.books(SOL)


def second_bridge(site: Site, where: str) -> Pubkey:
    """A copy of the bridge that the thief governs, in exodus."""
    place = SOMEWHERE if where == "elsewhere" else second_address(site.id, *addresses.BRIDGE_SEEDS)
    thief = bytes(THIEF.pubkey())
    changes = {"governor": thief, "fee_recipient": thief, "earned_fees": 10**6, "exit_root": 1}
    return site.machine.put(place, site.id, accounts.BRIDGE.pack(**(site.state() | changes)))


@upholds("SOL-3", "SOL-4")
@pytest.mark.parametrize("where", ["elsewhere", "at another bump"])
def test_second_bridge__of_a_thief__neither_pays_nor_governs(where: str) -> None:
    site = rich_site().site
    bridge, before = second_bridge(site, where), books(site)
    places = {"bridge": bridge, "sol": site.sol, "fee_recipient": THIEF.pubkey()}
    site.call(instructions.COLLECT_FEES, places, refusal=Refusal.ACCOUNT)
    places = {"governor": THIEF.pubkey(), "bridge": bridge, "token": site.token(SRM)}
    site.call(instructions.SET_TOKEN, places, THIEF, refusal=Refusal.ACCOUNT, is_paused=1, minimum=1, cap=1)
    places = {"claimant": THIEF.pubkey(), "bridge": bridge, "queue": site.swap_queue, "fee_to": THIEF.pubkey()}
    places |= {"token": site.token(SRM), "destination": associated(THIEF.pubkey(), site.mints[SRM]), "sol": site.sol}
    both = places | site.token_places(SRM)
    site.call(end_instructions.CANCEL, both, refusal=Refusal.ACCOUNT, lane=1, id=1, parts=1)
    with pytest.raises(Refused) as refused:
        site.register(TokenId(5), {"bridge": bridge}, signer=THIEF)
    assert refused.value.reason == Refusal.ACCOUNT
    assert books(site) == before


@upholds("SOL-4")
@pytest.mark.parametrize("where", ["elsewhere", "at another bump", "at its address"])
def test_second_token__with_a_mint_of_its_own__is_not_taken(where: str) -> None:
    """Whose tokens cost nothing would swap them for others."""
    site = rich_site().site
    mint = site.make_mint(6)
    vault, source = site.make_holding(site.bridge, mint), site.make_holding(site.user.pubkey(), mint)
    site.mint_to(mint, source, 10**12)
    seeds = addresses.token_seeds(SRM)
    places = {
        "elsewhere": SOMEWHERE,
        "at another bump": second_address(site.id, *seeds),
        "at its address": site.token(SRM),
    }
    fields = site.books(SRM) | {"mint": bytes(mint), "vault": bytes(vault), "custody": 0, "mark": bytes(32)}
    token, state = put(site, places[where], accounts.TOKEN, **fields), site.state()
    given = {"mint": mint, "vault": vault, "source": source}
    with pytest.raises(Refused) as refused:
        site.swap(places=given | {"token_in": token})
    assert refused.value.reason == Refusal.TOKEN_IN
    with pytest.raises(Refused) as refused:
        deposit(site, given | {"token": token})
    assert refused.value.reason == Refusal.TOKEN_IN
    assert site.state() == state and site.machine.data(vault)[64:72] == bytes(8)


@upholds("SOL-3", "SYN-4")
@pytest.mark.parametrize("stage", [accounts.IMPORTED, accounts.EXECUTED])
def test_block__that_nobody_has_proven__pays_nothing(stage: int) -> None:
    history = rich_site()
    site, before = history.site, books(history.site)
    payout = paid_here(SRM, 1_000, THIEF.pubkey())
    words = b"".join(word.to_bytes(32, "big") for word in payout.words())
    thief = {"writer": bytes(THIEF.pubkey()), "stage": stage, "tag": accounts.BLOCK_TAG}
    counts = {"words_at": accounts.BLOCK.size, "payouts": 1, "unpaid": 1}
    block = put(site, SOMEWHERE, accounts.BLOCK, words, **thief, **counts)
    history.execute(block, SRM, refusal=Refusal.ACCOUNT)
    history.pay(block, 0, payout, refusal=Refusal.ACCOUNT)
    history.close(block, THIEF, refusal=Refusal.ACCOUNT)
    assert books(site) == before


@upholds("SOL-4")
def test_block__opened_in_an_account_that_was_written_before__owes_all_its_payouts() -> None:
    """Marks of what is paid, left in an account without a tag, would lock payouts in."""
    history = rich_site()
    site, bob = history.site, key_of("bob").pubkey()
    site.make_holding(bob, site.mints[SRM])
    payout = paid_here(SRM, 1_000, bob)
    made = history.make(words_of(payout))
    body, key = made.body(), key_of("written before")
    put(site, key.pubkey(), accounts.BLOCK, bytes(len(body)), paid=[2**64 - 1, 2**64 - 1], executed_at=2**40)
    places = {"writer": site.writer.pubkey(), "block": key.pubkey(), "bridge": site.bridge}
    counts: dict[str, Any] = {name: len(getattr(made.acc, name)) // 65 for name in ("validators", "watchers")}
    site.call(instructions.OPEN_BLOCK, places, site.writer, later=0, **counts)
    assert accounts.BLOCK.unpack(site.machine.data(key.pubkey())[: accounts.BLOCK.size])["paid"] == [0, 0]
    for at in range(0, len(body), 800):
        site.call(instructions.WRITE_BLOCK, places, site.writer, tail=body[at : at + 800], at=at)
    block = history.bring(made, account=key.pubkey())
    history.execute(block, SRM)
    history.pay(block, 0, payout)
    assert site.balance(SRM, bob) == 1_000


@upholds("SOL-5")
@pytest.mark.parametrize("where", ["at another bump", "at its address"])
def test_fill__that_nobody_has_paid__does_not_take_the_payout(where: str) -> None:
    history = rich_site()
    site, bob = history.site, key_of("bob").pubkey()
    site.make_holding(bob, site.mints[SRM])
    payout = paid_here(SRM, 1_000, bob, fill_fee=100)
    own = associated(THIEF.pubkey(), site.mints[SRM])
    place = site.fill_place(payout)
    if where == "at another bump":
        place = second_address(site.id, *addresses.fill_seeds(payout.fill_key(site.deployment_hash)))
    fields: dict[str, Any] = {
        "tag": accounts.FILL_TAG,
        "filled_at": 1,
        "payer": bytes(THIEF.pubkey()),
        "repay_to": bytes(own),
    }
    put(site, place, accounts.FILL, **fields)
    block = history.bring(history.make(words_of(payout)))
    history.execute(block, SRM)
    places = {"fill": place, "fill_payer": THIEF.pubkey(), "repay_to": own}
    if where == "at another bump":
        history.pay(block, 0, payout, places, refusal=Refusal.ACCOUNT)
        places.pop("fill")
    history.pay(block, 0, payout, places)
    assert (site.balance(SRM, bob), site.balance(SRM, THIEF.pubkey())) == (1_000, 0)


@upholds("SYN-7")
def test_path__that_hashes_do_not_make__leads_nowhere() -> None:
    """Else a block that END does not contain would be imported by it."""
    ends = Ends(rich_site())
    site = ends.site
    ends.extend(count=2)
    ends.raise_end(2, *Group)
    false: dict[str, Any] = {"base": 1, "base_hash": ends.sync_hash(1), "number": 2, "sync_hash": ends.sync_hash(2)}
    path = put(site, SOMEWHERE, accounts.PATH, tag=accounts.PATH_TAG, writer=bytes(THIEF.pubkey()), **false)
    ends.bring(1, path=path, refusal=Refusal.ACCOUNT)
    assert site.state()["number"] == 0


def open_exodus() -> Leaving:
    """A site with SRM in exodus."""
    history = rich_site()
    deposit(history.site, l1_amount=10_000_000)
    leaving = Leaving(Ends(history))
    leaving.end_here()
    return leaving


def exit_places(leaving: Leaving, left: Exit) -> dict[str, Pubkey]:
    """Where an exit could be planted: anywhere, at its own addresses, and where it would be without the mark."""
    seeds = addresses.exit_seeds(left.account, SRM, leaving.site.state()["mark"])
    return {
        "elsewhere": SOMEWHERE,
        "at its address": leaving.place(left),
        "at another bump": second_address(leaving.site.id, *seeds),
        "without the mark": leaving.site.derive(seeds[:2]),
    }


@upholds("EXI-1", "EXI-3")
@pytest.mark.parametrize("where", ["elsewhere", "at its address", "at another bump", "without the mark"])
def test_exit__that_nobody_has_proven__pays_nothing(where: str) -> None:
    leaving = open_exodus()
    site = leaving.site
    stolen = Exit(3, SRM, SOLANA, bytes(THIEF.pubkey()), 70, is_signed=1)
    place = exit_places(leaving, stolen)[where]
    fields: dict[str, Any] = {
        "tag": accounts.EXIT_TAG,
        "tokens": [SRM, 0],
        "amounts": [70, 0],
        "recipient": bytes(THIEF.pubkey()),
    }
    put(site, place, accounts.EXIT, **fields)
    before = books(site)
    leaving.pay_exit(stolen, SRM, places={"exit": place}, refusal=Refusal.ACCOUNT)
    assert books(site) == before


@upholds("EXI-1")
def test_exit__every_place_that_could_be_taken_before__is_not_the_one() -> None:
    """Nobody locks a balance in: the place of its exit has the mark in its seeds."""
    leaving = open_exodus()
    site = leaving.site
    mine = Exit(3, SRM, SOLANA, bytes(site.user.pubkey()), 70, is_signed=1)
    old = site.derive(addresses.exit_seeds(3, SRM, b"")[:2])
    for place in (old, site.derive(addresses.exit_seeds(3, SRM, bytes(32)))):
        site.machine.put(place, SYSTEM, b"taken")
    leaving.exit(mine, {"exit": old}, refusal=Refusal.ACCOUNT)
    leaving.exit(mine)
    leaving.pay_exit(mine, SRM)
    assert leaving.known(mine)["amounts"] == [0, 0]


def test_queues__that_were_written_before__hold_what_is_asked_for_alone() -> None:
    site = Site()
    for queue, size in ((site.swap_queue, accounts.SWAP_QUEUE_SIZE), (site.account_queue, accounts.ACCOUNT_QUEUE_SIZE)):
        site.machine.put(queue, site.id, bytes(8) + b"\xff" * (size - 8), site.machine.lamports(queue))
    site.found()
    site.register_all()
    history, request, asked = History(site), site.swap(), deposit(site)
    assert site.queued(1)["words"] == list(request.words())
    history.bring(history.make(request.words()))
    history.bring(history.make(asked.words(), lane=Lane.ACCOUNT))
    assert site.state()["consumed"] == [1, 1]


@pytest.mark.parametrize("size", [16, accounts.PATH.size - 1, accounts.PATH.size + 1])
def test_path__of_another_size__goes_on_for_nobody(size: int) -> None:
    site = open_site()
    data = accounts.PATH.pack(**(accounts.PATH.unpack(bytes(accounts.PATH.size)) | {"tag": accounts.PATH_TAG}))
    path = site.machine.put(SOMEWHERE, site.id, data[:size].ljust(size, b"\0"))
    places = {"writer": site.writer.pubkey(), "path": path}
    site.call(end_instructions.EXTEND_PATH, places, site.writer, tail=bytes(32), refusal=Refusal.ACCOUNT)


def test_block__smaller_than_its_head__is_written_by_nobody() -> None:
    site = open_site()
    data = accounts.BLOCK_TAG.to_bytes(8, "little") + bytes(accounts.BLOCK.size - 9)
    places = {"writer": site.writer.pubkey(), "block": site.machine.put(SOMEWHERE, site.id, data)}
    site.call(instructions.WRITE_BLOCK, places, site.writer, tail=b"1", at=0, refusal=Refusal.ACCOUNT)


# --- the mark ---


def test_init__marks_the_bridge_with_the_newest_slot__and_what_is_made_carries_it() -> None:
    history = rich_site()
    site = history.site
    newest = bytes(site.machine.data(site.init_places()["slot_hashes"])[16:48])
    assert site.state()["mark"] == newest != bytes(32)
    assert site.books(SRM)["mark"] == newest
    block = history.write(history.make(()))
    assert site.machine.data(block)[MARK] == newest
    assert site.machine.data(Ends(history).path_of(0, bytes(32), []))[MARK] == newest


def test_init__without_the_hashes_of_slots__refused() -> None:
    bare = Site()
    bare.put_keys()
    sysvar = bare.init_places()["slot_hashes"]
    hashes = bare.machine.data(sysvar)
    copy = bare.machine.put(SOMEWHERE, TOKEN_PROGRAM, hashes)
    bare.init({"slot_hashes": copy}, refusal=Refusal.ACCOUNT)
    owner = bare.machine.svm.get_account(sysvar)
    assert owner is not None
    bare.machine.put(sysvar, owner.owner, bytes(len(hashes)))
    bare.init(refusal=Refusal.CLOCK)
    bare.machine.put(sysvar, owner.owner, hashes)
    bare.init()


@pytest.mark.parametrize("what", ["bridge", "sol", "token", "fill"])
def test_making__where_an_account_is__refused(what: str) -> None:
    """What is left to see for whoever looks before value comes in: nobody gains, and nothing is made there."""
    site: Site
    making: Callable[[], None]
    if what in ("bridge", "sol"):
        site = Site()
        site.put_keys()
        place, making = (site.bridge if what == "bridge" else site.sol), lambda: site.init(refusal=Refusal.EXISTS)
    else:
        history = rich_site()
        site = history.site
        payout = paid_here(CAKE, 1_000, site.user.pubkey(), fill_fee=1)
        if what == "token":
            place = site.token(TokenId(5))
            mint = site.make_mint(6)
            places = {"mint": mint, "vault": site.make_holding(site.bridge, mint), "token_program": TOKEN_PROGRAM}
            making = lambda: site.register(TokenId(5), places, refusal=Refusal.EXISTS)  # noqa: E731
        else:
            place, making = site.fill_place(payout), lambda: history.fill(payout, 1, refusal=Refusal.EXISTS)
    for owner, size in ((site.id, accounts.EXIT.size), (site.id, 0), (SYSTEM, 80)):
        site.machine.put(place, owner, bytes(size))
        making()
