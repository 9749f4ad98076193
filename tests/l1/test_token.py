"""Tokens as they are: allowances that must be zero first, permits over any domain, names of 32 bytes, custom errors."""

from collections.abc import Iterator
from itertools import product

import pytest
from eth_account.signers.local import LocalAccount
from eth_utils import keccak

from zklink.devnet.profiles import POLYGON
from zklink.devnet.world import World
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.permits import DAI, EIP_2612, hash_type
from zklink.l1.contracts.token import DAI_TOKEN, ERC2612, MAX_ALLOWANCE, TokenClient
from zklink.l1.transport.client import ChainClient, encode_call
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.errors import AllowanceShort, CallReverted, PermitNotOffered, TokensShort

WITH_VERSION, WITHOUT_VERSION, WITH_SALT = range(3)
HIDES_SEPARATOR, SHOWS_EIP_5267, HIDES_VERSION = 1, 2, 4
ERC_6093, PANIC, SILENT = range(3)
AMOUNT, DAY = 7_000_000, 86_400
SPENDER = "0x" + "5e" * 20
SAY_NO, BOMB, TWO = 2, 5, 7
"""Habits of an AdversarialToken."""


@pytest.fixture
def client(world: World) -> ChainClient:
    return world[POLYGON.chain_id].client


@pytest.fixture
def owner(world: World) -> LocalAccount:
    return world.roles.depositor


@pytest.fixture
def nonces(client: ChainClient, owner: LocalAccount) -> Iterator[None]:
    """Nothing is sent by this test's owner."""
    before = client.nonce(owner.address)
    yield
    assert client.nonce(owner.address) == before


def deploy(world: World, client: ChainClient, name: str, *arguments: object) -> TokenClient:
    return TokenClient(client, client.deploy(world.roles.deployer, load_contract(name), *arguments))


def deploy_odd(
    world: World, client: ChainClient, version: str = "1", domain_kind: int = WITH_VERSION, shown: int = 0
) -> TokenClient:
    return deploy(world, client, "OddToken", version, domain_kind, shown)


def call(token: TokenClient, account: LocalAccount, function: str, *arguments: object) -> Receipt:
    contract = token.client.contract(token.address, load_contract("OddToken"))
    return token.client.send(account, encode_call(contract, function, *arguments))


class TestAllowance:
    def test_ensure_allowance__some_is_left_and_the_token_demands_zero_first__approved(
        self, world: World, client: ChainClient, owner: LocalAccount
    ) -> None:
        token = deploy_odd(world, client)
        token.ensure_allowance(owner, SPENDER, 5_000_000)
        token.ensure_allowance(owner, SPENDER, AMOUNT)
        assert token.allowance(owner.address, SPENDER) == AMOUNT
        assert token.ensure_allowance(owner, SPENDER, AMOUNT) is None
        token.approve(owner, SPENDER, 1)
        assert token.allowance(owner.address, SPENDER) == 1
        token.approve(owner, SPENDER, 0)
        assert token.allowance(owner.address, SPENDER) == 0

    def test_ensure_allowance__token_that_does_not_demand_it__one_transaction(
        self, world: World, client: ChainClient, owner: LocalAccount
    ) -> None:
        token = deploy(world, client, "NoReturnToken", 6)
        before = client.nonce(owner.address)
        token.ensure_allowance(owner, SPENDER, 5_000_000)
        token.ensure_allowance(owner, SPENDER, AMOUNT)
        assert token.allowance(owner.address, SPENDER) == AMOUNT
        assert client.nonce(owner.address) == before + 2

    def test_check_funds__too_little_or_not_approved__says_which(
        self, world: World, client: ChainClient, owner: LocalAccount
    ) -> None:
        token = deploy_odd(world, client)
        with pytest.raises(TokensShort) as short:
            token.check_funds(owner.address, AMOUNT, SPENDER)
        assert (short.value.needed, short.value.found) == (AMOUNT, 0)
        call(token, owner, "mint", owner.address, AMOUNT)
        with pytest.raises(AllowanceShort, match="approve it first") as allowance:
            token.check_funds(owner.address, AMOUNT, SPENDER)
        assert (allowance.value.needed, allowance.value.found) == (AMOUNT, 0)
        token.approve(owner, SPENDER, AMOUNT)
        token.check_funds(owner.address, AMOUNT, SPENDER)

    @pytest.mark.parametrize("manner", [ERC_6093, PANIC, SILENT])
    def test_transfer__more_than_there_is__typed_however_the_token_refuses(
        self, world: World, client: ChainClient, owner: LocalAccount, manner: int
    ) -> None:
        token = deploy_odd(world, client)
        call(token, owner, "refuse_in", manner)
        call(token, owner, "mint", owner.address, 5)
        before = client.nonce(owner.address)
        with pytest.raises(TokensShort) as error:
            token.transfer(owner, SPENDER, 6)
        assert (error.value.needed, error.value.found) == (6, 5)
        assert client.nonce(owner.address) == before

    @pytest.mark.parametrize(
        ("mode", "said"), [(SAY_NO, "answers false"), (TWO, "answers 0x0"), (BOMB, "answers false")]
    )
    @pytest.mark.usefixtures("nonces")
    def test_transfer__token_answers_anything_but_true__refused_and_nothing_sent(
        self, world: World, client: ChainClient, owner: LocalAccount, mode: int, said: str
    ) -> None:
        token, stranger = deploy(world, client, "AdversarialToken", 6), world.roles.stranger
        contract = client.contract(token.address, load_contract("AdversarialToken"))
        client.send(stranger, encode_call(contract, "mint", owner.address, AMOUNT))
        client.send(stranger, encode_call(contract, "set_mode", mode))
        with pytest.raises(CallReverted, match=said):
            token.transfer(owner, SPENDER, 5)

    @pytest.mark.usefixtures("nonces")
    @pytest.mark.parametrize(
        ("answer", "said"),
        [(bytes(32), "false"), (b"\x01", "0x01"), (bytes(31) + b"\x02", "0x0"), (b"", "no contract")],
    )
    def test_approve__token_answers_anything_but_true__refused_and_nothing_sent(
        self, client: ChainClient, owner: LocalAccount, monkeypatch: pytest.MonkeyPatch, answer: bytes, said: str
    ) -> None:
        token = TokenClient(client, SPENDER)
        monkeypatch.setattr(client.w3.eth, "call", lambda transaction: answer)
        monkeypatch.setattr(token, "allowance", lambda owner, spender: 0)
        monkeypatch.setattr(client, "pause", lambda attempt: None)
        with pytest.raises(CallReverted, match=said):
            token.approve(owner, SPENDER, 5)

    def test_transfer__honest_or_silent_token__moved(
        self, world: World, client: ChainClient, owner: LocalAccount
    ) -> None:
        for name in ("AdversarialToken", "NoReturnToken"):
            token = deploy(world, client, name, 6)
            contract = client.contract(token.address, load_contract(name))
            client.send(world.roles.stranger, encode_call(contract, "mint", owner.address, AMOUNT))
            token.transfer(owner, SPENDER, 5)
            assert token.balance(SPENDER) == 5

    def test_transfer__more_coin_than_there_is__typed(self, world: World, client: ChainClient) -> None:
        poor = world.roles.recipient
        native = TokenClient(client, "0x" + "Ee" * 20)
        amount = native.balance(poor.address) + 10**18
        with pytest.raises(TokensShort):
            native.transfer(poor, SPENDER, amount)


class TestText:
    def test_symbol__32_bytes_or_text_or_none__text_or_typed(self, world: World, client: ChainClient) -> None:
        assert deploy_odd(world, client).symbol() == "Odd"
        assert deploy(world, client, "DaiToken", True).symbol() == "DAI"
        with pytest.raises(CallReverted):
            deploy(world, client, "NoReturnToken", 6).symbol()
        with pytest.raises(CallReverted, match="answers nothing"):
            TokenClient(client, SPENDER).symbol()

    def test_reads__no_contract__typed(self, client: ChainClient) -> None:
        token = TokenClient(client, SPENDER)
        for read in (token.decimals, lambda: token.balance(SPENDER), lambda: token.allowance(SPENDER, SPENDER)):
            with pytest.raises(CallReverted, match="answers nothing"):
                read()


class TestPermit:
    @pytest.mark.parametrize(
        ("version", "kind", "shown"),
        [
            *product(["1", "2", "3"], [WITH_VERSION], [0, HIDES_VERSION, SHOWS_EIP_5267, HIDES_SEPARATOR]),
            *product(["1"], [WITHOUT_VERSION], [0, HIDES_SEPARATOR | HIDES_VERSION, SHOWS_EIP_5267]),
            *product(["1", "2"], [WITH_SALT], [0, SHOWS_EIP_5267]),
            ("v9", WITH_VERSION, 0),
            ("v9", WITH_VERSION, HIDES_VERSION | SHOWS_EIP_5267),
            ("2", WITH_VERSION, HIDES_VERSION | HIDES_SEPARATOR),
        ],
    )
    def test_sign_permit__any_domain__the_token_takes_it(
        self, world: World, client: ChainClient, owner: LocalAccount, version: str, kind: int, shown: int
    ) -> None:
        token, sender = deploy_odd(world, client, version, kind, shown), world.roles.stranger
        before, deadline = client.nonce(owner.address), client.head().timestamp + DAY
        permit = token.sign_permit(owner, SPENDER, AMOUNT, deadline)
        assert client.nonce(owner.address) == before
        contract = client.contract(token.address, ERC2612)
        parts = (owner.address, client.w3.to_checksum_address(SPENDER), *permit.abi())
        client.send(sender, encode_call(contract, "permit", *parts))
        assert token.allowance(owner.address, SPENDER) == AMOUNT

    @pytest.mark.usefixtures("nonces")
    def test_sign_permit__domain_that_nobody_knows__refused(
        self, world: World, client: ChainClient, owner: LocalAccount
    ) -> None:
        token = deploy_odd(world, client, "v9", shown=HIDES_VERSION)
        with pytest.raises(PermitNotOffered, match="none of those known"):
            token.sign_permit(owner, SPENDER, AMOUNT, client.head().timestamp + DAY)

    @pytest.mark.usefixtures("nonces")
    def test_sign_permit__deadline_over__refused_with_the_tokens_reason(
        self, world: World, client: ChainClient, owner: LocalAccount
    ) -> None:
        with pytest.raises(PermitNotOffered, match="the permit was valid until 7"):
            deploy_odd(world, client).sign_permit(owner, SPENDER, AMOUNT, 7)

    @pytest.mark.usefixtures("nonces")
    def test_sign_permit__token_without_permits__refused(
        self, world: World, client: ChainClient, owner: LocalAccount
    ) -> None:
        with pytest.raises(PermitNotOffered, match="no nonces"):
            deploy(world, client, "NoReturnToken", 6).sign_permit(owner, SPENDER, AMOUNT, 2**40)

    @pytest.mark.parametrize("is_shown", [True, False])
    def test_sign_permit__dai__refused_and_its_own_form_is_taken_from_anybody(
        self, world: World, client: ChainClient, owner: LocalAccount, is_shown: bool
    ) -> None:
        token, sender = deploy(world, client, "DaiToken", is_shown), world.roles.stranger
        expiry, before = client.head().timestamp + DAY, client.nonce(owner.address)
        with pytest.raises(PermitNotOffered):
            token.sign_permit(owner, SPENDER, AMOUNT, expiry)
        token.submit_permit(sender, token.sign_dai_permit(owner, SPENDER, expiry))
        assert token.allowance(owner.address, SPENDER) == MAX_ALLOWANCE
        token.submit_permit(sender, token.sign_dai_permit(owner, SPENDER, 0, is_allowed=False))
        assert token.allowance(owner.address, SPENDER) == 0
        assert client.nonce(owner.address) == before

    def test_sign_dai_permit__token_of_eip_2612__refused(
        self, world: World, client: ChainClient, owner: LocalAccount
    ) -> None:
        with pytest.raises(PermitNotOffered):
            deploy_odd(world, client).sign_dai_permit(owner, SPENDER, 0)

    def test_hash_type__both_forms__as_the_tokens_on_ethereum_have_them(self) -> None:
        assert hash_type(DAI).hex() == "ea2aa0a1be11a07ed86d755c93467f4f82362b452371d1ba94d1715123511acb"
        assert hash_type(EIP_2612).hex() == "6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9"
        assert keccak(text="permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)")[:4].hex() == "8fcbaf0c"
        assert DAI_TOKEN.abi[0]["name"] == "permit"
