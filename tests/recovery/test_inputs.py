"""What people hand to `zklink recover` and `ape run exit`: each mistake says what is wrong, where, and what to do."""

import json
from pathlib import Path

import click
import pytest
from eth_account import Account

from zklink.cli.inputs import load_account, parse_address, parse_urls, read_deployment, read_seed
from zklink.primitives.base58 import encode_base58

ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
SECRET = "ab" * 31 + "zz"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("polygon",), "'polygon' is not NAME=URL"),
        (("=http://node",), "is not NAME=URL"),
        (("polygon=127.0.0.1:8545",), "the node of polygon needs an http:// or https:// address"),
        (("bsc=http://a", "bsc=http://a"), "bsc is given twice"),
    ],
)
def test_parse_urls__malformed__says_which(values: tuple[str, ...], said: str) -> None:
    with pytest.raises(click.BadParameter) as refused:
        parse_urls(values)
    assert said in refused.value.message


def test_parse_urls__names_and_addresses__as_given() -> None:
    assert parse_urls(("bsc=http://a/?k=v", "polygon=https://b")) == {"bsc": "http://a/?k=v", "polygon": "https://b"}


def test_parse_urls__a_name_several_times__several_nodes() -> None:
    assert parse_urls(("bsc=http://a", "eth=http://c", "bsc=http://b")) == {
        "bsc": ("http://a", "http://b"),
        "eth": "http://c",
    }


@pytest.mark.parametrize("text", [ADDRESS, ADDRESS.lower(), ADDRESS[2:].lower(), "0x" + "00" * 12 + ADDRESS[2:]])
def test_parse_address__evm_or_universal__thirty_two_bytes(text: str) -> None:
    assert parse_address(text, "--owner") == bytes(12) + bytes.fromhex(ADDRESS[2:])


def test_parse_address__of_solana__its_thirty_two_bytes() -> None:
    text = "7v91N7iZ9mNicL8WfG6cgSCKyRXydQjLh6UYBWwm6y1Q"
    assert encode_base58(parse_address(text, "--owner")) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alice.eth", "is not an address"),
        (ADDRESS[:-1], "is not an address"),
        (ADDRESS[:-1] + "D", "wrong checksum"),
        ("0x" + "00" * 20, "zero address"),
        ("0x" + "00" * 32, "zero address"),
    ],
)
def test_parse_address__mistyped__says_what_would_be_right(text: str, said: str) -> None:
    with pytest.raises(click.BadParameter) as refused:
        parse_address(text, "--owner")
    assert said in refused.value.message


@pytest.mark.parametrize("text", [SECRET, "ab" * 31, "ab" * 33, "", "{}", "0x" + SECRET])
def test_read_key_files__malformed__named_and_never_shown(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secret"
    path.write_text(text)
    for read in (read_seed, lambda file: load_account(file, lambda _: "guess")):
        with pytest.raises(click.ClickException) as refused:
            read(path)
        assert str(path) in refused.value.message
        assert not text or text not in refused.value.message


def test_load_account__keystore__opened_by_its_passphrase_only(tmp_path: Path) -> None:
    account, path = Account.from_key(b"\x07" * 32), tmp_path / "keystore.json"
    path.write_text(json.dumps(Account.encrypt(account.key, "right", iterations=2)))
    assert load_account(path, lambda _: "right").address == account.address
    with pytest.raises(click.ClickException, match="keystore"):
        load_account(path, lambda _: "wrong")


@pytest.mark.parametrize("text", ["", "[]", '{"format": "zklink.exits.2"}', '{"format": "zklink.deployment.2"}', "{"])
def test_read_deployment__another_file__named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(text)
    with pytest.raises(click.ClickException, match=r"file\.json.*ape run deploy"):
        read_deployment(path)
