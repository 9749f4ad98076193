"""Where a wallet comes from: a key, a keystore, a mnemonic, an account of eth-account or of ape. No key is shown."""

import json
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from zklink import Signer, Wallet
from zklink.client.layer2_keys import build_consent_data, sign_checked
from zklink.devnet.roles import default_roles
from zklink.l1.contracts.registries import sign_key_change
from zklink.protocol.errors import KeyFileInvalid
from zklink.protocol.ids import AccountId, Nonce
from zklink.protocol.layer2_key import build_layer2_key_data

MNEMONIC = "test test test test test test test test test test test junk"
SECRET = "0x" + "5e" * 32
TRANSACTION = {
    "chainId": 137,
    "nonce": 4,
    "to": "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A",
    "data": "0x1234",
    "value": 5,
    "gas": 50_000,
}
DYNAMIC = {**TRANSACTION, "maxFeePerGas": 10**9, "maxPriorityFeePerGas": 10**8, "type": 2}
STATIC = {**TRANSACTION, "gasPrice": 10**9}


def test_mnemonic__of_the_laboratory__its_accounts() -> None:
    roles = default_roles()
    assert Wallet.from_mnemonic(MNEMONIC).address == roles.deployer.address
    assert Wallet.from_mnemonic(MNEMONIC, 4).address == roles.depositor.address


def test_keystore__with_its_passphrase__the_account(tmp_path: Path) -> None:
    account = Account.from_key(SECRET)
    path = tmp_path / "key.json"
    path.write_text(json.dumps(Account.encrypt(bytes.fromhex(SECRET[2:]), "open", kdf="pbkdf2", iterations=2)))
    assert Wallet.from_keystore(path, "open").address == Wallet.from_account(account).address == account.address
    for wrong in (tmp_path / "none.json", path):
        with pytest.raises(KeyFileInvalid):
            Wallet.from_keystore(wrong, "shut")


@pytest.mark.parametrize("key", ["0x12", "no key", b"", "0x" + "00" * 32])
def test_key__malformed__refused_without_being_shown(key: Any) -> None:
    with pytest.raises(KeyFileInvalid) as refused:
        Wallet.from_key(key)
    assert "the private key" in str(refused.value)


def test_mnemonic__malformed__refused_without_being_shown() -> None:
    with pytest.raises(KeyFileInvalid) as refused:
        Wallet.from_mnemonic("sesame open")
    assert "sesame" not in str(refused.value)


def test_repr__of_a_wallet__shows_the_address_alone() -> None:
    wallet = Wallet.from_key(SECRET)
    wallet.layer2_key(bytes(32))
    assert repr(wallet) == f"Wallet({wallet.address})"


def test_consent__as_typed_data__is_what_the_primary_checks() -> None:
    account = Account.from_key(SECRET)
    data = build_consent_data(b"\x07" * 32, AccountId(3), Nonce(4), 5, 6)
    signed = sign_key_change(account, b"\x07" * 32, AccountId(3), Nonce(4), 5, 6)
    assert sign_checked(Wallet.from_account(account).signer, data) == signed


@pytest.mark.parametrize("transaction", [DYNAMIC, STATIC])
def test_ape__an_account_of_it__signs_as_the_key_does(transaction: dict[str, Any]) -> None:
    from ape import accounts

    ape = accounts.test_accounts[0]
    wallet, local = Wallet.from_ape(ape), Wallet.from_key(str(ape.private_key))
    assert isinstance(wallet.signer, Signer)
    assert wallet.address == local.address
    data = build_layer2_key_data(bytes(32), bytes.fromhex(wallet.address[2:]))
    assert wallet.signer.sign_typed_data(data) == local.signer.sign_typed_data(data)
    assert wallet.layer2_key(bytes(32)) == local.layer2_key(bytes(32))
    assert wallet.signer.sign_transaction(transaction) == local.signer.sign_transaction(transaction)
