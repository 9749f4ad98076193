"""Two chains, and two contracts that know of each other only by what is carried: one says numbers, one adds them up."""

from functools import cache
from typing import Any

from vyper import compile_code
from web3.contract import Contract

from zklink.lab.accounts import funded_account
from zklink.lab.chain import ChainSpec, LocalChain
from zklink.lab.committee import Committee
from zklink.lab.courier import CARRIER
from zklink.lab.world import LabWorld

SPECS = (ChainSpec("left", 7_001, 2.0), ChainSpec("right", 7_002, 2.0))
WAY = "left -> right"

SPEAKER = """
# pragma version 0.4.3
event Said:
    number: indexed(uint256)
    amount: uint256

count: public(uint256)
total: public(uint256)

@external
def say(amount: uint256):
    self.count += 1
    self.total += amount
    log Said(number=self.count, amount=amount)
"""

HEARER = """
# pragma version 0.4.3
CARRIER: immutable(address)
CHECKS_TWICE: immutable(bool)
MEMBERS: immutable(DynArray[address, 3])
heard: public(HashMap[uint256, bool])
total: public(uint256)
last: public(uint256)

@deploy
def __init__(carrier: address, checks_twice: bool, members: DynArray[address, 3]):
    CARRIER = carrier
    CHECKS_TWICE = checks_twice
    MEMBERS = members

@external
def hear(number: uint256, amount: uint256, signatures: DynArray[Bytes[65], 3]):
    assert CARRIER == empty(address) or msg.sender == CARRIER, "hearer: not the carrier"
    if len(MEMBERS) != 0:
        assert len(signatures) == 2, "hearer: two must sign"
        digest: bytes32 = keccak256(abi_encode(number, amount))
        previous: address = empty(address)
        for signature: Bytes[65] in signatures:
            signer: address = ecrecover(
                digest, convert(slice(signature, 64, 1), uint256), extract32(signature, 0), extract32(signature, 32)
            )
            assert signer in MEMBERS, "hearer: not a member"
            assert convert(signer, uint256) > convert(previous, uint256), "hearer: not in order"
            previous = signer
    assert not (CHECKS_TWICE and self.heard[number]), "hearer: heard before"
    self.heard[number] = True
    self.total += amount
    self.last = number
"""

NOBODY = "0x" + "00" * 20


@cache
def compiled(source: str) -> Any:
    return compile_code(source, output_formats=["abi", "bytecode"])


def deploy(chain: LocalChain, source: str, *arguments: object) -> Contract:
    built = compiled(source)
    factory: Any = chain.w3.eth.contract(abi=built["abi"], bytecode=built["bytecode"])
    tx_hash = factory.constructor(*arguments).transact({"from": funded_account(0).address})
    address = chain.w3.eth.wait_for_transaction_receipt(tx_hash)["contractAddress"]
    contract: Contract = chain.w3.eth.contract(address, abi=built["abi"])  # type: ignore[assignment]
    return contract


class Letters:
    """A speaker on the left chain whose words are carried to a hearer on the right one."""

    def __init__(
        self,
        world: LabWorld,
        *,
        carrier: str = CARRIER,
        checks_twice: bool = True,
        confirmations: int = 1,
        committee: Committee | None = None,
    ) -> None:
        self.world = world
        left, right = world.chain("left"), world.chain("right")
        members = committee.members if committee else ()
        self.speaker = deploy(left, SPEAKER)
        self.hearer = deploy(right, HEARER, carrier, checks_twice, members)
        world.courier.carry(
            left,
            self.speaker,
            "Said",
            right,
            lambda m: self.hearer.functions.hear(m.args["number"], m.args["amount"], list(m.signatures)),
            confirmations=confirmations,
            committee=committee,
            digest=lambda m: digest(m.args["number"], m.args["amount"]),
        )

    def say(self, amount: int, who: int = 1) -> Any:
        return self.world.send("left", self.speaker.functions.say(amount), who, f"somebody says {amount}")

    @property
    def said(self) -> int:
        return int(self.speaker.functions.total().call())

    @property
    def heard(self) -> int:
        return int(self.hearer.functions.total().call())


def digest(number: int, amount: int) -> bytes:
    from eth_hash.auto import keccak

    return keccak(number.to_bytes(32, "big") + amount.to_bytes(32, "big"))
