"""Operations that need an owner's consent: the questions that a chain is asked, how many, and their outcome."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.sequencer.conftest import ALICE, BOB, CHAINS, DOMAIN, FOREVER, PARAMETERS, X, build_state, owner_of
from tests.sequencer.operations import Z, change_key, consent, forced_exit, transfer
from zklink.node import operation_entry as consents_module
from zklink.node.events import Event, OperationAccepted, OperationRefused
from zklink.node.operation_entry import OperationEntry
from zklink.node.ports import Asked
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.signed import Signed, sign
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.errors import (
    AlreadyPending,
    BalanceTooSmall,
    OperationError,
    OperationExpired,
    RecipientFormatInvalid,
    SignatureInvalid,
    TooManyQuestions,
    UnknownChain,
    WrongNonce,
)
from zklink.protocol.ids import AccountId, Amount, BlockNumber, ChainId, Nonce
from zklink.protocol.signing import compute_public_key_hash
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.sequencer import Sequencer

NOW = 5_000
A, B = CHAINS[:2]
NEWCOMER, OTHER = bytes(12) + b"\x01" * 20, bytes(12) + b"\x02" * 20
STRANGER = bytes(range(32))


@dataclass
class Chain:
    """Knows some owners, and remembers whom it was asked about."""

    known: set[bytes] = field(default_factory=set)
    asked: list[tuple[bytes, Asked]] = field(default_factory=list)

    def is_recorded(self, owner: bytes, operation: Asked) -> bool:
        self.asked.append((owner, operation))
        return owner in self.known


class Setting:
    """The consents of a sequencer whose account `target` has no key and belongs to NEWCOMER."""

    def __init__(self, owner: bytes = NEWCOMER) -> None:
        self.sequencer = Sequencer(PARAMETERS, build_state(), MemoryJournal())
        self.chains, self.events = {A: Chain(), B: Chain()}, list[Event]()
        self.consents = OperationEntry(self.sequencer, self.chains, lambda: 0.0, self.events.append)
        self.sequencer.submit(transfer(recipient=owner), NOW)
        self.first = self.sequencer.seal(NOW)
        [self.target] = self.sequencer.state.accounts_of(owner)

    def take(self, operation: Signed[Any], consent: bytes = b"") -> bytes:
        return self.consents.take(operation, NOW, consent)

    def ask(self) -> None:
        """Every chain answers one question."""
        for question in self.consents.questions().values():
            self.consents.answer(*question(), NOW)

    def outcome(self) -> tuple[type[Event], str]:
        """What the last event says."""
        event = self.events[-1]
        return type(event), event.reason if isinstance(event, OperationRefused) else ""


def change_to(key: PrivateKey, account: AccountId = BOB, chain: ChainId = A, **changes: Any) -> Signed[ChangePubKey]:
    """A change of anybody's key, which only the new key signs."""
    hash_ = compute_public_key_hash(key.public_key)
    change = ChangePubKey(account, Nonce(0), FOREVER, hash_, chain, Amount(1), X)
    return sign(replace(change, **changes), DOMAIN, key)


KEYS = [PrivateKey.from_seed(bytes([200, i]) * 16) for i in range(20)]
FORGED = Signed(change_to(KEYS[0], fee=Amount(2)).operation, KEYS[0].public_key, change_to(KEYS[0]).signature)
WORTHLESS: dict[str, tuple[Signed[Any], type[OperationError]]] = {
    "signature": (FORGED, SignatureInvalid),
    "nonce": (change_to(KEYS[0], nonce=Nonce(1)), WrongNonce),
    "expired": (change_to(KEYS[0], valid_until=NOW - 1), OperationExpired),
    "fee": (change_to(KEYS[0], fee_token=Z), BalanceTooSmall),
    "chain": (change_to(KEYS[0], chain=ChainId(3)), UnknownChain),
    "forced exit from a chain that is not there": (forced_exit(AccountId(3), chain=7, nonce=1), UnknownChain),
    "forced exit out of turn": (forced_exit(AccountId(3)), WrongNonce),
}


@pytest.mark.parametrize("name", WORTHLESS)
def test_take__operation_that_cannot_hold__refused_and_no_chain_is_asked(name: str) -> None:
    setting, (operation, error) = Setting(), WORTHLESS[name]
    with pytest.raises(error):
        setting.take(operation)
    assert setting.consents.questions() == {}
    assert setting.outcome()[0] is OperationRefused


def test_take__forced_exit_of_an_owner_of_another_format__no_chain_is_asked() -> None:
    setting = Setting(STRANGER)
    with pytest.raises(RecipientFormatInvalid):
        setting.take(forced_exit(setting.target, nonce=1))
    assert setting.consents.questions() == {}


@pytest.mark.parametrize("chain", [A, B])
def test_take__forced_exit__the_paying_chain_is_asked_about_the_owner(chain: ChainId) -> None:
    setting = Setting()
    setting.chains[A].known = {NEWCOMER}
    id = setting.take(forced_exit(setting.target, chain, nonce=1))
    assert not setting.sequencer.has_waiting
    setting.ask()
    [(owner, _)] = setting.chains[chain].asked
    assert (owner, sum(len(c.asked) for c in setting.chains.values())) == (NEWCOMER, 1)
    if chain == A:
        assert setting.outcome() == (OperationAccepted, "")
        assert [pending.id for pending in setting.sequencer.seal(NOW).signed] == [id]
    else:
        kind, reason = setting.outcome()
        assert (kind, "has not acted on chain 2" in reason) == (OperationRefused, True)
        assert not setting.sequencer.has_waiting
    assert setting.consents.questions() == {}


def test_answer__account_became_anothers_in_between__refused() -> None:
    """The chain knows whom it was asked about, who is not the one that would be paid."""
    setting = Setting()
    setting.chains[A].known = {NEWCOMER}
    setting.take(forced_exit(setting.target, nonce=1))
    question = setting.consents.questions()[A]
    setting.sequencer.intake.remove(setting.sequencer.roll_back(BlockNumber(0))[0].signed)
    setting.sequencer.submit(transfer(recipient=OTHER), NOW)
    setting.sequencer.seal(NOW)
    assert setting.sequencer.state.accounts_of(OTHER) == [setting.target]
    setting.consents.answer(*question(), NOW)
    kind, reason = setting.outcome()
    assert (kind, OTHER.hex() in reason) == (OperationRefused, True)


def test_take__the_same_again__refused_while_it_waits_and_afterwards() -> None:
    setting = Setting()
    setting.chains[A].known = {owner_of(BOB)}
    setting.take(change_to(KEYS[0]))
    with pytest.raises(AlreadyPending):
        setting.take(change_to(KEYS[0]))
    setting.ask()
    with pytest.raises((AlreadyPending, WrongNonce)):
        setting.take(change_to(KEYS[0]))
    assert len(setting.chains[A].asked) == 1


def test_take__many_about_one_account__bounded_and_others_still_get_in() -> None:
    setting = Setting()
    for i in range(consents_module.ACCOUNT_LIMIT):
        setting.take(change_to(KEYS[i], chain=(A, B)[i % 2]))
    with pytest.raises(TooManyQuestions, match="16 operations of account 2"):
        setting.take(change_to(KEYS[-1]))
    setting.take(change_to(KEYS[-1], ALICE, nonce=Nonce(1)))
    setting.ask()
    setting.take(change_to(KEYS[-1]))


def test_take__many_to_one_chain__bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consents_module, "CHAIN_LIMIT", 2)
    setting = Setting()
    for key in KEYS[:2]:
        setting.take(change_to(key))
    with pytest.raises(TooManyQuestions, match="2 operations of chain 1"):
        setting.take(forced_exit(setting.target, nonce=1))
    setting.take(change_to(KEYS[2], chain=B))
    setting.ask()
    setting.take(forced_exit(setting.target, nonce=1))


def test_take__change_of_key_with_a_signature__no_chain_is_asked() -> None:
    setting = Setting()
    setting.take(change_key(nonce=1), consent(nonce=1))
    assert setting.consents.questions() == {}
    assert setting.outcome() == (OperationAccepted, "")
