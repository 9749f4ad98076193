"""How a site freezes and ends: the calls with the evidence and the paths that they want.

`Ends` knows the line of blocks that the primary has; the program has imported the first of them. Whatever is signed, is
signed, true or not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from solders.pubkey import Pubkey

from tests.support.groups import NO_ACC, Acc
from tests.support.solana.blocks import History, Made
from tests.support.solana.founding import SOLANA
from tests.support.solana.machine import key_of
from tests.support.solana.site import Site
from zklink.protocol.facts import End, EndDenial, Group
from zklink.protocol.ids import BlockNumber, Lane
from zklink.solana.interface import accounts, end_instructions, instructions
from zklink.solana.interface.forms import Instruction
from zklink.solana.interface.refusals import Refusal

FIRST_PIECE, PATH_PIECE = 17, 27
"""Commitments that the transaction writes that opens a path, and each one more."""
UNREAD = key_of("not looked at").pubkey()


@dataclass
class Ends:
    """The ends of a site. `line` are the blocks of the primary, from the first."""

    history: History
    line: list[Made] = field(default_factory=list)
    made: int = 0

    @property
    def site(self) -> Site:
        return self.history.site

    # --- the line ---

    def extend(self, words: Sequence[int] = (), lane: Lane = Lane.SWAP, count: int = 1) -> None:
        """More blocks of the primary, each with these words of this chain."""
        for _ in range(count):
            at = len(self.line)
            ahead = History(self.site, self.line[-1].member.block.new_root if at else self.site.genesis_root, at)
            ahead.sync_hash = self.sync_hash(at)
            self.line.append(ahead.make(words, lane=lane))

    def sync_hash(self, number: int) -> bytes:
        """The line's hash at a block."""
        return self.line[number - 1].sync_hash if number else self.site.deployment_hash

    def commitments(self, after: int, last: int) -> list[bytes]:
        """The commitments of blocks after + 1 .. last."""
        return [made.preimage.block_commitment() for made in self.line[after:last]]

    def bring(self, top: int | None = None, refusal: Refusal | None = None, path: Pubkey | None = None) -> Pubkey:
        """Import the line's next block, by the ACC of block `top`; by END if that stands, then nothing is signed."""
        place = self.write_next(top)
        lane = self.line[self.tip].member.block.lane
        places = {"bridge": self.site.bridge, "keys": self.site.keys, "block": place, "queue": self.queue(lane)}
        if path is None:
            self.site.call(instructions.IMPORT_BLOCK, places, refusal=refusal)
        else:
            self.site.call(end_instructions.IMPORT_BY_PATH, places | {"path": path}, refusal=refusal)
        return place

    def write_next(self, top: int | None = None, number: int | None = None) -> Pubkey:
        """Write the line's next block (or another one) with what leads to block `top`."""
        at = self.tip + 1 if number is None else number
        last = at if top is None else top
        has_end = self.site.state()["has_end"]
        acc = NO_ACC if has_end else self.site.groups.acc(last, self.sync_hash(last))
        block = self.line[at - 1]
        later = tuple(self.commitments(at, last))
        return self.history.write(Made(block.member, block.preimage, at, block.sync_hash, acc, later))

    def queue(self, lane: Lane) -> Pubkey:
        """A lane's queue."""
        return self.site.swap_queue if lane is Lane.SWAP else self.site.account_queue

    @property
    def tip(self) -> int:
        """The last block that is imported."""
        return int(self.site.state()["number"])

    # --- evidence and paths ---

    def evidence(self, validators: bytes = b"", watchers: bytes = b"") -> Pubkey:
        """An account with these signatures."""
        blank = self.line[0] if self.line else self.history.make(())
        made = Made(blank.member, blank.preimage, 0, b"", Acc(validators, watchers))
        return self.history.write(made, validators + watchers)

    def path(self, base: int, last: int, base_hash: bytes | None = None) -> Pubkey:
        """A path of the line from a block to a later one, in pieces."""
        return self.path_of(base, base_hash or self.sync_hash(base), self.commitments(base, last))

    def path_of(self, number: int, sync_hash: bytes, commitments: Sequence[bytes]) -> Pubkey:
        """A path from any block."""
        self.made += 1
        account, writer = key_of(f"path {self.made}"), self.site.writer
        places = {"writer": writer.pubkey(), "path": account.pubkey(), "bridge": self.site.bridge}
        make = self.site.machine.create(account, accounts.PATH.size, self.site.id)
        first, rest = commitments[:FIRST_PIECE], commitments[FIRST_PIECE:]
        values: dict[str, Any] = {"number": number, "sync_hash": sync_hash, "tail": b"".join(first)}
        self.site.call(end_instructions.OPEN_PATH, places, writer, account, before=[make], **values)
        for at in range(0, len(rest), PATH_PIECE):
            tail = b"".join(rest[at : at + PATH_PIECE])
            self.site.call(end_instructions.EXTEND_PATH, places, writer, tail=tail)
        return account.pubkey()

    # --- END ---

    def fact(self, number: int, round_: int | None = None) -> End:
        """END for this member with a block of the line, in the present round."""
        at = self.site.state()["end_round"] if round_ is None else round_
        return End(SOLANA, BlockNumber(number), self.sync_hash(number), at)

    def raise_end(self, number: int, *groups: Group, refusal: Refusal | None = None, **changes: Any) -> None:
        """Raise an END by the word of these groups, sealed where the validators do not say it."""
        fact, known = self.fact(number), self.site.groups
        says = Group.VALIDATORS in groups
        validators = known.sign(fact, Group.VALIDATORS) if says else known.seal(number, fact.sync_hash)
        watchers = known.sign(fact, Group.WATCHERS) if Group.WATCHERS in groups else b""
        base = min(self.tip, number)
        places = changes.pop("places", {})
        evidence = places.get("evidence") or self.evidence(changes.pop("validators", validators), watchers)
        path = places.get("path") or self.path(base, number)
        both = {"evidence": evidence, "path": path} | places
        self.act(end_instructions.RAISE_END, both, refusal, validators_say=int(says), **changes)

    def deny(self, group: Group | None, refusal: Refusal | None = None, **changes: Any) -> None:
        """Deny the END that waits, by a group or, without one, by the governor."""
        state = self.site.state()
        fact = EndDenial(SOLANA, BlockNumber(state["end_number"]), state["end_hash"], state["end_round"])
        word = b"" if group is None else self.site.groups.sign(fact, group)
        evidence = UNREAD
        if group is not None:
            evidence = self.evidence(word) if group is Group.VALIDATORS else self.evidence(watchers=word)
        by = int(group is None)
        self.act(end_instructions.DENY_END, {"evidence": evidence}, refusal, by_governor=by, **changes)

    def void(self, refusal: Refusal | None = None) -> None:
        """The governor voids the END that waits."""
        self.act(end_instructions.VOID_END, {}, refusal, by=True)

    def fell(self, number: int, sync_hash: bytes, path: Pubkey | None = None, refusal: Refusal | None = None) -> None:
        """Fell END by an ACC."""
        both = {"evidence": self.evidence(*self.site.groups.acc(number, sync_hash)), "path": path or UNREAD}
        self.act(end_instructions.FELL_END, both, refusal, number=number, sync_hash=sync_hash)

    def stand(self, refusal: Refusal | None = None, path: Pubkey | None = None) -> None:
        """Let the END that waits stand."""
        number = self.site.state()["end_number"]
        self.act(end_instructions.STAND_END, {"path": path or self.path(self.tip, number)}, refusal)

    def show_mismatch(
        self, top: int | None = None, refusal: Refusal | None = None, number: int | None = None, **places: Pubkey
    ) -> None:
        """Show that the queue cannot match the line's next block (or another one)."""
        lane = self.line[(self.tip + 1 if number is None else number) - 1].member.block.lane
        both = {"queue": self.queue(lane), "block": self.write_next(top, number), "path": UNREAD} | places
        self.act(end_instructions.SHOW_MISMATCH, both, refusal)

    # --- freezes ---

    def call_freeze(self, lane: Lane, refusal: Refusal | None = None, **places: Pubkey) -> None:
        """Call a freeze over the oldest request of a lane."""
        self.act(end_instructions.CALL_FREEZE, {"queue": self.queue(lane)} | places, refusal, lane=lane)

    def confirm_freeze(self, lane: Lane, refusal: Refusal | None = None) -> None:
        """Confirm it."""
        self.act(end_instructions.CONFIRM_FREEZE, {}, refusal, lane=lane)

    def act(
        self, call: Instruction, places: dict[str, Pubkey], refusal: Refusal | None, by: bool = False, **values: Any
    ) -> None:
        """Make a call; `by` the governor, who is named but does not sign otherwise."""
        site = self.site
        governor = site.governor if by else key_of("stranger")
        everything = {"bridge": site.bridge, "governor": site.governor.pubkey()} | places
        encoded = site.encode(call, everything, call.encode(**values))
        if by:
            encoded.accounts = [
                type(meta)(meta.pubkey, meta.is_signer or meta.pubkey == governor.pubkey(), meta.is_writable)
                for meta in encoded.accounts
            ]
        site.send(call, encoded, *([governor] if by else []), refusal=refusal)

    def wait(self, seconds: int, slots: int | None = None) -> None:
        """Time passes, and slots: one a second, unless the cluster is halted."""
        clock = self.site.machine.svm.get_clock()
        clock.unix_timestamp += seconds
        clock.slot += seconds if slots is None else slots
        self.site.machine.svm.set_clock(clock)
