"""What the suite must know of a bridge: how it is deployed, and the calls by which people use it.

Gives a Protocol to implement. The bridge locks a token on the chain `home` and mints on `away`; a copy of the minting
side stands on `elsewhere`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from zklink.lab.chain import ChainSpec
from zklink.lab.committee import Committee
from zklink.lab.messages import Message
from zklink.lab.world import LabWorld

HOME: Final = "home"
AWAY: Final = "away"
ELSEWHERE: Final = "elsewhere"
SPECS: Final = (ChainSpec(HOME, 7_101, 2.0), ChainSpec(AWAY, 7_102, 2.0), ChainSpec(ELSEWHERE, 7_103, 2.0))


@dataclass(frozen=True, slots=True)
class Setting:
    """What one scenario deploys: the token's decimals, the fee that a transfer costs, whether there is a token at all
    at its address, whether the contracts are told of each other, and who vouches.
    """

    committee: Committee
    decimals: int = 18
    fee_percent: int = 0
    has_token: bool = True
    is_initialised: bool = True


class Bridge(Protocol):
    """An adapter. Amounts are in the token's own units. What it calls a call is a contract's function with arguments,
    as `contract.functions.lock(..)` gives it; the suite sends it.
    """

    @property
    def meaningless(self) -> Mapping[str, str]:
        """The scenarios that mean nothing for this bridge, by name, each with a sentence that says why. They are not
        played, and never count as passed: `list_meaningless` shows them.
        """

    def deploy(self, world: LabWorld, setting: Setting) -> None:
        """Deploy both sides and the copy, and let the world's courier carry what they say. If set-up is refused, raise
        a LabError.
        """

    def give(self, owner: str, amount: int) -> None:
        """Give somebody tokens at home, and let the bridge take them."""

    def lock(self, recipient: str, amount: int, seconds: int) -> Any:
        """The call that locks at home for somebody away; it expires so many seconds from now."""

    def burn(self, recipient: str, amount: int) -> Any:
        """The call that burns away for somebody at home."""

    def bring(self, message: Message, chain: str = AWAY) -> Any:
        """The call that brings a message: of a lock to `away` (or `elsewhere`), of a burn or an expiry to `home`."""

    def stock(self, owner: str, amount: int) -> None:
        """Give a broker tokens away, and let the bridge take them."""

    def fill(self, message: Message, broker: str) -> Any:
        """The call with which a broker pays away what a lock will bring, and is repaid when it comes."""

    def expire(self, message: Message) -> Any:
        """The call that says, away, that a lock has expired."""

    def claim(self, owner: str) -> Any:
        """The call with which somebody takes, at home, what could not be paid to him."""

    def refuse(self, receiver: str, is_refused: bool) -> None:
        """From now on the token refuses this receiver, or no longer."""

    def invent_lock(self, recipient: str, amount: int, source: str | None = None) -> Message:
        """A message of a lock that never was; `source` is who says it, by default the bridge's own contract."""

    def invent_expiry(self, number: int) -> Message:
        """A message that this lock has expired, which nobody said."""

    def look_alike(self, recipient: str, amount: int) -> Message:
        """What a contract of somebody else at home says that looks like the bridge's, after a lock of this amount of a
        worthless token in it: a true message of another source, without signatures.
        """

    def digest(self, message: Message) -> bytes:
        """What the committee signs for a message."""

    def set_up_calls(self) -> Sequence[tuple[str, Any]]:
        """The chains and calls with which the contracts were set up, to be sent once more."""

    def balance(self, chain: str, owner: str) -> int:
        """What somebody has at home or away."""

    def locked(self) -> int:
        """What the bridge holds at home."""

    def minted(self) -> int:
        """What circulates away."""
