"""What the scenarios have in common: a deployed bridge, people, and attempts.

Takes a bridge's adapter and a world; sends calls. Never judges.
"""

from dataclasses import replace
from typing import Any, Final

from zklink.lab.accounts import funded_account
from zklink.lab.committee import Committee
from zklink.lab.conformance.adapter import AWAY, HOME, Bridge, Setting
from zklink.lab.messages import Message, name_way
from zklink.lab.sending import Sent
from zklink.lab.world import LabWorld

ALICE: Final = funded_account(11).address
BOB: Final = funded_account(12).address
CAROL: Final = funded_account(13).address
EVE: Final = funded_account(14).address
LONG: Final = 10**6
"""Seconds in which nothing expires."""

THERE: Final = name_way(HOME, AWAY)
BACK: Final = name_way(AWAY, HOME)
MANY_BLOCKS: Final = 12


class Stage:
    """A bridge on its chains."""

    def __init__(self, world: LabWorld, bridge: Bridge, setting: Setting | None = None) -> None:
        self.world, self.bridge = world, bridge
        self.committee: Committee = setting.committee if setting else Committee.of(3, 2)
        bridge.deploy(world, setting or Setting(self.committee))

    def send(self, chain: str, call: Any, who: str, text: str = "") -> Sent:
        """Send a call, and tell it."""
        return self.world.send(chain, call, who, text)

    def lock(self, amount: int, recipient: str = BOB, seconds: int = LONG) -> Sent:
        """Alice locks for somebody."""
        self.bridge.give(ALICE, amount)
        return self.send(HOME, self.bridge.lock(recipient, amount, seconds), ALICE, f"alice locks {amount}")

    def lock_and_catch(self, amount: int, seconds: int = LONG) -> Message:
        """Alice locks for Bob; the message with its signatures, which the courier does not carry any more."""
        assert self._is_done(self.lock(amount, seconds=seconds)), "an honest lock was refused"
        return self._catch(HOME, THERE)

    def burn_and_catch(self, amount: int, recipient: str = CAROL) -> Message:
        """Bob burns for somebody; the message with its signatures."""
        sent = self.send(AWAY, self.bridge.burn(recipient, amount), BOB, f"bob burns {amount}")
        assert self._is_done(sent), "an honest burn was refused"
        return self._catch(AWAY, BACK)

    def bring(self, message: Message, chain: str = AWAY, who: str = EVE) -> bool:
        """Somebody brings a message; whether the contract believes it."""
        return self._is_done(self.send(chain, self.bridge.bring(message, chain), who, f"{message} is brought"))

    def sign(self, message: Message, committee: Committee | None = None) -> Message:
        """The message with the signatures of a committee; by default the bridge's own."""
        return replace(message, signatures=(committee or self.committee).sign(self.bridge.digest(message)))

    def attempt(self, chain: str, call: Any, who: str = EVE) -> bool:
        """Somebody tries something; whether it went through."""
        return self._is_done(self.send(chain, call, who))

    def _is_done(self, sent: Sent) -> bool:
        """Whether it did what it is for, once it is mined: an anvil may answer before that, which is no refusal."""
        if sent.tx_hash and sent.outcome() is None:
            sent.chain.mine()
        return sent.is_done

    def _catch(self, chain: str, way: str) -> Message:
        self.world.chain(chain).mine(MANY_BLOCKS)
        self.world.courier.look()
        return self.world.courier.take(way)[-1]
