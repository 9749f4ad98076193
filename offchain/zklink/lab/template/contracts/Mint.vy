# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Mint: what stands here for a token that is locked on the other chain
@notice Mints for locks, burns for releases, and says which locks have expired. Amounts have 18 decimals.
"""
import committee

initializes: committee

event Minted:
    number: indexed(uint256)
    recipient: indexed(address)
    amount: uint256

event Burned:
    number: indexed(uint256)
    recipient: indexed(address)
    amount: uint256

event Filled:
    number: indexed(uint256)
    broker: indexed(address)
    amount: uint256

event Expired:
    number: indexed(uint256)

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    amount: uint256

MINT: constant(uint256) = 1
OWNER: immutable(address)
SCALE: immutable(uint256)

vault: public(address)
vault_chain: public(uint256)
is_settled: public(HashMap[uint256, bool])
brokers: public(HashMap[bytes32, address])
burn_count: public(uint256)
balanceOf: public(HashMap[address, uint256])
totalSupply: public(uint256)
decimals: public(constant(uint8)) = 18


@deploy
def __init__(token_decimals: uint256):
    assert token_decimals <= 18, "mint: decimals"
    OWNER = msg.sender
    SCALE = 10 ** (18 - token_decimals)


@external
def initialise(vault: address, vault_chain: uint256, members: DynArray[address, 7], threshold: uint256):
    """
    @notice Names the contract on the other chain and the committee, once.
    @param vault The contract on the other chain
    @param vault_chain The other chain's id
    @param members Of the committee, 1 to 7
    @param threshold How many of them must sign
    """
    committee._initialise(members, threshold)
    assert msg.sender == OWNER, "mint: not the owner"
    self.vault = vault
    self.vault_chain = vault_chain


@external
def mint(
    source: address,
    number: uint256,
    recipient: address,
    amount: uint256,
    deadline: uint256,
    signatures: DynArray[Bytes[65], 7],
):
    """
    @notice Mints for a lock, once, if it has not expired: for the recipient, or for the broker who has paid him.
    @param source The contract that says so on the other chain
    @param number Of the message, from 1 on
    @param recipient Who gets it
    @param amount In 18 decimals
    @param deadline Until when it can be minted, UNIX seconds
    @param signatures Of the committee, in ascending order of the members' addresses
    """
    self._check(source, number, recipient, amount, deadline, signatures)
    broker: address = self.brokers[self._key(number, recipient, amount, deadline)]
    receiver: address = recipient if broker == empty(address) else broker
    assert not self.is_settled[number], "mint: settled before"
    self.is_settled[number] = True
    self.balanceOf[receiver] += amount
    self.totalSupply += amount
    log Transfer(sender=empty(address), receiver=receiver, amount=amount)
    log Minted(number=number, recipient=receiver, amount=amount)


@external
def fill(number: uint256, recipient: address, amount: uint256, deadline: uint256):
    """
    @notice A broker pays a lock's recipient in advance; what is minted for the lock is then the broker's. Whoever fills
            what was never locked loses it.
    @param number Of the message, from 1 on
    @param recipient Who gets it
    @param amount In 18 decimals
    @param deadline Until when it can be minted, UNIX seconds
    """
    key: bytes32 = self._key(number, recipient, amount, deadline)
    assert not self.is_settled[number], "mint: fill of a settled lock"
    assert self.brokers[key] == empty(address), "mint: filled before"
    self.brokers[key] = msg.sender
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[recipient] += amount
    log Transfer(sender=msg.sender, receiver=recipient, amount=amount)
    log Filled(number=number, broker=msg.sender, amount=amount)


@external
def expire(
    source: address,
    number: uint256,
    recipient: address,
    amount: uint256,
    deadline: uint256,
    signatures: DynArray[Bytes[65], 7],
):
    """
    @notice After its deadline anybody can say that a lock was not minted: from then on it never is, and is refunded.
            One that a broker has filled waits for its mint instead.
    @param source The contract that says so on the other chain
    @param number Of the message, from 1 on
    @param recipient Who gets it
    @param amount In 18 decimals
    @param deadline Until when it can be minted, UNIX seconds
    @param signatures Of the committee, in ascending order of the members' addresses
    """
    self._check(source, number, recipient, amount, deadline, signatures)
    assert block.timestamp > deadline, "mint: not expired"
    assert self.brokers[self._key(number, recipient, amount, deadline)] == empty(address), "mint: filled"
    assert not self.is_settled[number], "mint: settled already"
    self.is_settled[number] = True
    log Expired(number=number)


@external
def burn(amount: uint256, recipient: address) -> uint256:
    """
    @notice Burns what is then released to `recipient` on the other chain: whole units of the token there.
    @param amount In 18 decimals
    @param recipient Who gets it
    """
    assert amount != 0 and amount % SCALE == 0, "mint: no whole units"
    self.balanceOf[msg.sender] -= amount
    self.totalSupply -= amount
    self.burn_count += 1
    log Transfer(sender=msg.sender, receiver=empty(address), amount=amount)
    log Burned(number=self.burn_count, recipient=recipient, amount=amount)
    return self.burn_count


@external
def transfer(receiver: address, amount: uint256) -> bool:
    """
    @notice Gives tokens to somebody else.
    @param receiver Who gets it
    @param amount In 18 decimals
    """
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=msg.sender, receiver=receiver, amount=amount)
    return True


@internal
@pure
def _key(number: uint256, recipient: address, amount: uint256, deadline: uint256) -> bytes32:
    return keccak256(abi_encode(number, recipient, amount, deadline))


@internal
@view
def _check(
    source: address,
    number: uint256,
    recipient: address,
    amount: uint256,
    deadline: uint256,
    signatures: DynArray[Bytes[65], 7],
):
    assert source == self.vault, "mint: another source"
    digest: bytes32 = keccak256(
        abi_encode(MINT, self.vault_chain, source, chain.id, self, number, recipient, amount, deadline)
    )
    committee._check(digest, signatures)
