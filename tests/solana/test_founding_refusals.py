"""What is refused before the first request: keys, the bridge, groups, tokens, prices."""

from collections.abc import Callable
from typing import Any

import pytest
from solders.pubkey import Pubkey

from tests.support.solana.account_doors import deposit
from tests.support.solana.founding import ELSEWHERE, SOL, SOLANA, SRM, encode_table, key_bytes
from tests.support.solana.machine import LOADER, NATIVE_MINT, SYSTEM, TOKEN_2022, TOKEN_PROGRAM, associated, key_of
from tests.support.solana.site import Site, open_site
from tests.support.upholds import upholds
from zklink.primitives.field import R
from zklink.protocol.domain import ChainEntry
from zklink.protocol.facts import Group
from zklink.protocol.ids import FEE_NOTICE_SECONDS, AddressFormat, ChainId, TokenId
from zklink.solana.interface import accounts, addresses, instructions
from zklink.solana.interface.refusals import Refusal

EVE = key_of("eve")
NEW = TokenId(5)


@pytest.fixture
def bare() -> Site:
    """Nothing but the program and the keys."""
    site = Site()
    site.put_keys()
    site.machine.fund(EVE.pubkey())
    return site


def entry(chain: int, address_format: int, bridge: bytes, evm_chain_id: int = 5) -> ChainEntry:
    return ChainEntry(ChainId(chain), evm_chain_id, AddressFormat(address_format), bridge)


TABLES: dict[str, Callable[[list[ChainEntry]], list[ChainEntry]]] = {
    "not ascending": lambda t: [t[1], t[0], t[2]],
    "twice": lambda t: [t[0], t[0], t[2]],
    "chain 9": lambda t: [*t, entry(9, 1, bytes(12) + b"\x01" * 20)],
    "zero bridge": lambda t: [t[0], entry(2, 1, bytes(32)), t[2]],
    "zero bridge of 32 bytes": lambda t: [t[0], entry(2, 2, bytes(32)), t[2]],
    "zero evm chain id": lambda t: [t[0], entry(2, 1, t[1].bridge, 0), t[2]],
    "EVM bridge of 32 bytes": lambda t: [t[0], entry(2, 1, b"\x09" * 32), t[2]],
    "EVM bridge that is bound": lambda t: [t[0], entry(2, 1, b"\x02" + t[1].bridge[1:]), t[2]],
    "bridge of 32 bytes that is an EVM name": lambda t: [t[0], entry(2, 2, t[1].bridge), t[2]],
    "primary of 32 bytes": lambda t: [entry(1, 2, b"\x09" * 32), *t[1:]],
}


@pytest.mark.parametrize("name", TABLES)
def test_init__bad_table__refused(bare: Site, name: str) -> None:
    bare.init(table=encode_table(TABLES[name](bare.chains())), refusal=Refusal.TABLE)


def test_init__own_entry_of_another__refused(bare: Site) -> None:
    chains = bare.chains()
    other = entry(3, 2, b"\x09" * 32)
    for table in ([*chains[:2], other], chains[:2], chains[1:], [*chains[:2], entry(3, 1, bytes(12) + b"\x01" * 20)]):
        bare.init(table=encode_table(table), refusal=Refusal.OWN_ENTRY)
    bare.init(primary=SOLANA, refusal=Refusal.TABLE)
    bare.init(primary=4, refusal=Refusal.OWN_ENTRY)
    bare.init(chain=9, refusal=Refusal.TABLE)
    bare.init(primary=9, refusal=Refusal.TABLE)
    bare.init(table=encode_table(chains)[:-1], refusal=Refusal.TABLE)
    odd = bytearray(encode_table(chains))
    odd[1] = 3
    bare.init(table=bytes(odd), refusal=Refusal.TABLE)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"token_limit": 2}, Refusal.LIMITS),
        ({"token_limit": 2**16 + 1}, Refusal.LIMITS),
        ({"account_limit": 1}, Refusal.LIMITS),
        ({"account_limit": 2**32 + 1}, Refusal.LIMITS),
        ({"slots_per_day": 0}, Refusal.LIMITS),
        ({"slots_per_day": 2**32 + 1}, Refusal.LIMITS),
        ({"genesis_root": bytes(32)}, Refusal.GENESIS),
        ({"genesis_root": R.to_bytes(32, "big")}, Refusal.GENESIS),
        ({"governor": bytes(32)}, Refusal.GOVERNOR),
        ({"fee_recipient": bytes(32)}, Refusal.GOVERNOR),
        ({"governor": bytes(12) + b"\x09" * 20}, Refusal.GOVERNOR),
        ({"fee_recipient": b"\3" + bytes(11) + b"\x09" * 20}, Refusal.GOVERNOR),
    ],
)
def test_init__number_out_of_range__refused(bare: Site, changes: dict[str, Any], refusal: Refusal) -> None:
    bare.init(refusal=refusal, **changes)


@upholds("GOV-1")
def test_init__by_anybody_else__refused(bare: Site) -> None:
    stranger = {"authority": EVE.pubkey()}
    bare.init(stranger, signer=EVE, refusal=Refusal.AUTHORITY)
    # With the data of a program of the stranger's own, and with a copy that the loader owns.
    data = bytearray(bare.machine.data(bare.program_data))
    data[13:45] = bytes(EVE.pubkey())
    copy = bare.machine.put(key_of("copy").pubkey(), LOADER, bytes(data), 10**12)
    bare.init(stranger | {"program_data": copy}, signer=EVE, refusal=Refusal.AUTHORITY)
    # A program that nobody may upgrade has no authority.
    final = bytearray(bare.machine.data(bare.program_data))
    final[12] = 0
    bare.machine.put(bare.program_data, LOADER, bytes(final), 10**12)
    bare.init(refusal=Refusal.AUTHORITY)
    bare.put_key_piece(0, b"\1", refusal=Refusal.AUTHORITY)


@upholds("GOV-1", "SOL-9")
@pytest.mark.parametrize("lamports", [1, 890_880, 10**9])
def test_init__lamports_were_there_before__made_all_the_same(bare: Site, lamports: int) -> None:
    bare.machine.fund(bare.bridge, lamports)
    bare.machine.fund(bare.sol, 10**9)
    bare.init()
    assert bare.machine.lamports(bare.bridge) >= bare.machine.rent(accounts.BRIDGE.size)
    assert bare.state()["deployment_hash"] == bare.deployment_hash


@upholds("GOV-1")
def test_init__twice__refused(bare: Site) -> None:
    bare.init()
    for name, size in (("swaps 2", accounts.SWAP_QUEUE_SIZE), ("accounts 2", accounts.ACCOUNT_QUEUE_SIZE)):
        bare.machine.send([bare.machine.create(key_of(name), size, bare.id)], key_of(name))
    places = {"swap_queue": key_of("swaps 2").pubkey(), "account_queue": key_of("accounts 2").pubkey()}
    bare.init(places, refusal=Refusal.EXISTS)
    bare.init(refusal=Refusal.QUEUE)


def test_init__queue_of_another_size_or_in_use__refused(bare: Site) -> None:
    place, size = key_of("odd").pubkey(), accounts.SWAP_QUEUE_SIZE
    for data, lamports in ((bytes(size - 8), 10**10), (bytes(size + 8), 10**10), (bytes(size), 1)):
        bare.machine.put(place, bare.id, data, lamports)
        bare.init({"swap_queue": place}, refusal=Refusal.QUEUE)
    bare.machine.put(place, bare.id, b"\1" + bytes(size - 1), 10**10)
    bare.init({"swap_queue": place}, refusal=Refusal.QUEUE)
    bare.machine.put(place, SYSTEM, bytes(size), 10**10)
    bare.init({"swap_queue": place}, refusal=Refusal.QUEUE)
    bare.machine.put(place, bare.id, bytes(accounts.ACCOUNT_QUEUE_SIZE + 8), 10**10)
    bare.init({"account_queue": place}, refusal=Refusal.QUEUE)


def test_init__sol_at_another_address__refused(bare: Site) -> None:
    bare.init({"sol": key_of("odd").pubkey()}, refusal=Refusal.ACCOUNT)


@upholds("GOV-1", "VER-7")
def test_put_keys__after_init_or_elsewhere__refused(bare: Site) -> None:
    bare.put_key_piece(len(key_bytes()), b"\1", refusal=Refusal.INPUT)
    bare.put_key_piece(0, key_bytes()[:9])
    bare.init()
    bare.put_key_piece(0, b"\1", refusal=Refusal.EXISTS)


def test_put_keys__account_of_another_kind__refused(bare: Site) -> None:
    for data in (bytes(accounts.KEYS_SIZE - 1), bytes(accounts.KEYS_SIZE + 1), b"\1" + bytes(accounts.KEYS_SIZE - 1)):
        bare.machine.put(bare.keys, bare.id, data)
        bare.put_key_piece(0, b"\1", refusal=Refusal.KEYS)
        bare.init(refusal=Refusal.KEYS)


@upholds("SYN-3")
def test_found_group__not_a_group__refused(bare: Site) -> None:
    bare.init()
    one, two, three = (bytes(19) + bytes([i]) for i in (1, 2, 3))
    for members, threshold, refusal in (
        ((), 0, Refusal.NO_MAJORITY),
        ((one, two), 1, Refusal.NO_MAJORITY),
        ((one,), 2, Refusal.THRESHOLD),
        ((two, one), 2, Refusal.MEMBER_ORDER),
        ((one, one), 2, Refusal.MEMBER_ORDER),
        ((bytes(20),), 1, Refusal.MEMBER_ORDER),
        ((one, two[:19]), 1, Refusal.INPUT),
        (tuple(bytes(19) + bytes([i]) for i in range(1, 18)), 9, Refusal.INPUT),
    ):
        bare.found_group(1, members, threshold, refusal=refusal)
    bare.found_group(1, (one, two, three), 2)
    bare.found_group(1, (one, two, three), 2, refusal=Refusal.EXISTS)
    bare.found_group(2, (three,), 1, refusal=Refusal.MEMBER_OF_BOTH)
    for group in (0, 3, 255):
        bare.found_group(group, (bytes(19) + b"\x09",), 1, refusal=Refusal.NO_SUCH_GROUP)
    bare.found_group(2, (bytes(19) + b"\x09",), 1, signer=EVE, refusal=Refusal.GOVERNOR)
    assert bare.state()["group_counts"] == [3, 0]


@upholds("SYN-3")
def test_swap__before_both_groups__refused() -> None:
    site = Site()
    site.put_keys()
    site.init()
    site.register_all()
    site.swap(refusal=Refusal.GROUP)
    site.found_group(Group.VALIDATORS)
    site.swap(refusal=Refusal.GROUP)
    site.found_group(Group.WATCHERS)
    site.swap()


@pytest.fixture
def minted() -> Site:
    """A site with a mint that is no token yet."""
    site = open_site()
    site.mints[NEW] = site.make_mint(6)
    site.vaults[NEW] = site.make_holding(site.bridge, site.mints[NEW])
    site.machine.fund(EVE.pubkey())
    return site


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"signer": EVE}, Refusal.GOVERNOR),
        ({"chains": 0}, Refusal.CHAINS),
        ({"chains": 1 << 3 | 1 << 4}, Refusal.CHAINS),
        ({"layer2_decimals": 7}, Refusal.DECIMALS),
        ({"minimum": 0}, Refusal.TOKEN_LIMITS),
        ({"minimum": 5, "cap": 4}, Refusal.TOKEN_LIMITS),
        ({"layer2_decimals": 5, "cap": 2**64 // 10 + 1}, Refusal.TOKEN_LIMITS),
    ],
)
def test_register__bad_config__refused(minted: Site, changes: dict[str, Any], refusal: Refusal) -> None:
    minted.register(NEW, refusal=refusal, **changes)


def test_register__id__once_and_in_range(minted: Site) -> None:
    minted.mints[TokenId(8)] = minted.mints[TokenId(0)] = minted.mints[NEW]
    minted.vaults[TokenId(8)] = minted.vaults[TokenId(0)] = minted.vaults[NEW]
    minted.register(TokenId(8), refusal=Refusal.TOKEN_ID)
    minted.register(TokenId(0), refusal=Refusal.TOKEN_ID)
    minted.register(NEW, {"token": minted.token(TokenId(6))}, refusal=Refusal.ACCOUNT)
    minted.register(NEW, layer2_decimals=5, cap=2**64 // 10)
    assert minted.books(NEW)["scale"] == 10
    mint = minted.make_mint(7)
    again = {"mint": mint, "vault": minted.make_holding(minted.bridge, mint)}
    minted.register(NEW, again, refusal=Refusal.EXISTS)
    minted.register(NEW, refusal=Refusal.EXISTS)


def test_register__mint_of_another_token__refused(minted: Site) -> None:
    both = {"mint": minted.mints[SRM], "vault": minted.vaults[SRM]}
    minted.register(NEW, both, refusal=Refusal.EXISTS)
    minted.register(
        TokenId(6), {"mint": NATIVE_MINT, "vault": minted.sol, "token_program": SYSTEM}, refusal=Refusal.EXISTS
    )


def test_register__wrapped_sol_or_another_vault__refused(minted: Site) -> None:
    site = minted
    for vault, program in ((site.sol, TOKEN_PROGRAM), (site.vaults[NEW], SYSTEM)):
        site.register(
            TokenId(6), {"mint": NATIVE_MINT, "vault": vault, "token_program": program}, refusal=Refusal.VAULT
        )
    owned = site.make_holding(EVE.pubkey(), site.mints[NEW])
    copy = site.machine.put(key_of("copy").pubkey(), TOKEN_PROGRAM, site.machine.data(site.vaults[NEW]))
    for vault in (owned, copy, site.vaults[SRM]):
        site.register(NEW, {"vault": vault}, refusal=Refusal.VAULT)
    site.register(NEW, {"token_program": SYSTEM}, refusal=Refusal.MINT)


@upholds("SOL-1")
@pytest.mark.parametrize("at", [72, 129])
def test_register__vault_in_others_hands__refused(minted: Site, at: int) -> None:
    data = bytearray(minted.machine.data(minted.vaults[NEW]))
    data[at] = 1
    minted.machine.put(minted.vaults[NEW], TOKEN_PROGRAM, bytes(data))
    minted.register(NEW, refusal=Refusal.VAULT)


@upholds("SOL-7")
def test_register__mint_of_spl_token__plain_ones_alone(minted: Site) -> None:
    data = minted.machine.data(minted.mints[NEW])
    for bad in (data[:45] + b"\0" + data[46:], data[:81], data + bytes(1)):
        minted.machine.put(minted.mints[NEW], TOKEN_PROGRAM, bad)
        minted.register(NEW, refusal=Refusal.MINT)
    minted.machine.put(minted.mints[NEW], minted.id, data)
    minted.register(NEW, refusal=Refusal.MINT)


@upholds("SOL-7")
def test_register__token_2022__only_what_describes_the_mint(minted: Site) -> None:
    """Type 0 ends the list; 18 to 23 are pointers, metadata and groups. Only the first part of the list is known."""
    plain = minted.machine.data(minted.mints[NEW]).ljust(165, b"\0")
    vault = associated(minted.bridge, minted.mints[NEW], TOKEN_2022)
    minted.machine.put(vault, TOKEN_2022, minted.machine.data(minted.vaults[NEW]))
    places = {"vault": vault, "token_program": TOKEN_2022}

    def extend(*types: int) -> bytes:
        return plain + b"\1" + b"".join(type_.to_bytes(2, "little") + b"\4\0" + bytes(4) for type_ in types)

    harmless = range(18, 24)
    bad = [plain, plain[:-1], plain + b"\2" + bytes(8), plain + b"\1\1\0\0\0"]
    bad += [extend(type_) for type_ in range(1, 40) if type_ not in harmless] + [extend(18, 1), extend(18, 274)]
    for data in bad:
        minted.machine.put(minted.mints[NEW], TOKEN_2022, data)
        minted.register(NEW, places, refusal=Refusal.MINT)
    minted.machine.put(minted.mints[NEW], TOKEN_2022, extend(*harmless) + bytes(8))
    minted.register(NEW, places)


@upholds("GOV-4")
@pytest.mark.parametrize("text", [b"", b"USDC", b"\xff" * 400, b"\0" * 1_000], ids=["none", "plain", "no text", "long"])
def test_register__whatever_a_mint_says_of_itself__same_books(minted: Site, text: bytes) -> None:
    """Its metadata (type 19) is skipped by its length and never read; decimals are one byte, with bounds."""
    plain = minted.machine.data(minted.mints[NEW]).ljust(165, b"\0")
    says = plain + b"\1" + (19).to_bytes(2, "little") + len(text).to_bytes(2, "little") + text
    vault = associated(minted.bridge, minted.mints[NEW], TOKEN_2022)
    minted.machine.put(vault, TOKEN_2022, minted.machine.data(minted.vaults[NEW]))
    minted.machine.put(minted.mints[NEW], TOKEN_2022, plain[:82])
    places = {"vault": vault, "token_program": TOKEN_2022}
    minted.register(NEW, places)
    silent = minted.books(NEW)
    for key in (minted.token(NEW), minted.derive(addresses.mint_seeds(bytes(minted.mints[NEW])))):
        minted.machine.put(key, SYSTEM, b"", 0)
    minted.machine.put(minted.mints[NEW], TOKEN_2022, says)
    minted.register(NEW, places)
    assert minted.books(NEW) == silent


def test_register__token_2022_without_extensions__taken(minted: Site) -> None:
    vault = associated(minted.bridge, minted.mints[NEW], TOKEN_2022)
    minted.machine.put(vault, TOKEN_2022, minted.machine.data(minted.vaults[NEW]))
    minted.machine.put(minted.mints[NEW], TOKEN_2022, minted.machine.data(minted.mints[NEW]))
    minted.register(NEW, {"vault": vault, "token_program": TOKEN_2022})
    assert minted.books(NEW)["program"] == bytes(TOKEN_2022)


def test_register__token_elsewhere__cannot_be_paused_or_swapped(minted: Site) -> None:
    governor = {"governor": minted.governor.pubkey(), "bridge": minted.bridge, "token": minted.token(ELSEWHERE)}
    values: dict[str, Any] = {"is_paused": 1, "minimum": 1, "cap": 2}
    minted.call(instructions.SET_TOKEN, governor, minted.governor, refusal=Refusal.TOKEN_ID, **values)
    minted.swap(
        {"source": minted.user.pubkey(), "vault": minted.sol},
        token_in=ELSEWHERE,
        token_out=SRM,
        refusal=Refusal.TOKEN_IN,
    )


def test_set_token__by_the_governor_alone(minted: Site) -> None:
    site = minted
    values: dict[str, Any] = {"is_paused": 1, "minimum": 7, "cap": 9}
    places = {"governor": site.governor.pubkey(), "bridge": site.bridge, "token": site.token(SRM)}
    stranger = places | {"governor": EVE.pubkey()}
    site.call(instructions.SET_TOKEN, stranger, EVE, refusal=Refusal.GOVERNOR, **values)
    site.call(instructions.SET_TOKEN, places, site.governor, refusal=Refusal.INPUT, **(values | {"is_paused": 2}))
    site.call(instructions.SET_TOKEN, places, site.governor, refusal=Refusal.TOKEN_LIMITS, **(values | {"cap": 6}))
    site.call(instructions.SET_TOKEN, places, site.governor, **values)
    assert [site.books(SRM)[name] for name in values] == [1, 7, 9]
    site.swap(refusal=Refusal.PAUSED)


@upholds("GOV-6")
def test_set_price__rise__counts_an_hour_later(minted: Site) -> None:
    site = minted
    places = {"governor": site.governor.pubkey(), "bridge": site.bridge}

    def set_price(price: int, kind: int = 1, refusal: Refusal | None = None) -> None:
        site.call(instructions.SET_PRICE, places, site.governor, kind=kind, price=price, refusal=refusal)

    set_price(1, kind=0, refusal=Refusal.PRICE)
    set_price(1, kind=accounts.PRICE_KINDS, refusal=Refusal.PRICE)
    set_price(2**40, refusal=Refusal.PRICE)
    stranger = {"governor": EVE.pubkey(), "bridge": site.bridge}
    site.call(instructions.SET_PRICE, stranger, EVE, kind=1, price=1, refusal=Refusal.GOVERNOR)
    set_price(50)
    start = site.machine.now()
    site.swap(fee=0)
    site.machine.set_time(start + FEE_NOTICE_SECONDS - 1)
    site.swap(fee=0)
    site.machine.set_time(start + FEE_NOTICE_SECONDS)
    site.swap(fee=49, refusal=Refusal.FEE)
    site.swap(fee=50)
    set_price(20)
    site.swap(fee=20)
    set_price(60)
    site.swap(fee=20)
    assert site.state()["prices"][1] == 20 and site.state()["next_prices"][1] == 60


def test_register__sol__is_the_native_mint_with_the_account_sol(minted: Site) -> None:
    books = minted.books(SOL)
    assert (books["mint"], books["vault"]) == (bytes(NATIVE_MINT), bytes(minted.sol))
    assert books["program"] == bytes(32) and books["decimals"] == 9
    assert Pubkey.from_bytes(books["mint"]) == NATIVE_MINT


def test_register__mint_of_ones_own_after_both_groups_stand__is_taken_in_at_once(site: Site) -> None:
    """What the threat model says of this governor: there is no notice in which anybody could leave."""
    site.mints[NEW] = site.make_mint(6)
    site.vaults[NEW] = site.make_holding(site.bridge, site.mints[NEW])
    site.mint_to(site.mints[NEW], site.make_holding(site.user.pubkey(), site.mints[NEW]), 10**12)
    site.register(NEW, layer2_decimals=6)
    request = deposit(site, token=NEW, l1_amount=10**12)
    assert (request.token, request.amount, site.books(NEW)["custody"]) == (NEW, 10**12, 10**12)
