"""The blocks of a Solana member, whoever has brought them: their accounts are found in the bridge's history, executed
and paid.

Takes a view and who brings and pays; gives what was done. What waits for its recipient's account is tried again later.
"""

from solders.pubkey import Pubkey

from zklink.protocol.ids import ChainId
from zklink.recovery.accepted_block import AcceptedBlock
from zklink.recovery.outcome import Done, show_count
from zklink.recovery.program_view import ProgramView
from zklink.solana.client.acts import list_signatures, read_listed
from zklink.solana.client.importing import BlockAccount, Evidence, Importer, read_blocks
from zklink.solana.client.paying import Payer
from zklink.solana.interface import accounts
from zklink.solana.interface.end_instructions import IMPORT_BY_PATH
from zklink.solana.interface.instructions import IMPORT_BLOCK

MOST_ACCOUNTS = 100
"""Accounts that one question of a node can name, and transactions that one look reads."""
MOST_PAGES = 10


class ProgramBlocks:
    """Looks at one member's blocks again and again."""

    def __init__(self, view: ProgramView, importer: Importer, payer: Payer) -> None:
        self._view, self._importer, self._payer = view, importer, payer
        self._known: list[Pubkey] = []
        """Accounts of blocks that are not closed, as far as the history that was read shows them."""
        self._seen: str | None = None
        """The newest transaction of the bridge that was read."""

    def bring(self, block: AcceptedBlock, chain: ChainId, evidence: Evidence, path: Pubkey) -> None:
        """Import a block, execute it, pay it, and take back what rent that frees; `path` leads on to an END that the
        evidence does not reach. Raises what `Sender.send` does.
        """
        key = self._importer.bring(block.number, block.member_block(chain), evidence, path)
        self._settle(key)

    def settle(self) -> Done | None:
        """Execute and pay what blocks still owe; None if nothing was left that can be done. Raises RpcUnavailable, and
        what `Sender.send` does.
        """
        self._look()
        done = 0
        for found in self._read(self._known):
            if found is not None and self._owes(found):
                done += self._settle(found.key)
        return Done(f"{show_count(done, 'block')} executed or paid") if done else None

    def _settle(self, key: Pubkey) -> int:
        """One block; 1 if anything of it was done."""
        [before] = self._read([key])
        self._importer.execute(key)
        self._payer.pay_all(key)
        [after] = self._read([key])
        if after is not None and after.fields["writer"] == bytes(self._importer.writer):
            is_paid = not self._owes(after)
            if is_paid or not after.is_shrunk:
                self._importer.close(key)
        return int(before is not None and (after is None or after.fields != before.fields))

    def _owes(self, found: BlockAccount) -> bool:
        stage, count = found.fields["stage"], found.fields["payouts"]
        return stage == accounts.IMPORTED or (
            stage == accounts.EXECUTED and not all(found.is_paid(index) for index in range(count))
        )

    def _look(self) -> None:
        """The accounts from which the bridge has imported blocks since the last look."""
        node, place, before, listed = self._view.node, self._view.bridge.address, None, []
        for _ in range(MOST_PAGES):
            page = list_signatures(node, place, until=self._seen, before=before, most=MOST_ACCOUNTS)
            listed += page
            if len(page) < MOST_ACCOUNTS:
                break
            before = str(page[-1]["signature"])
        acts = read_listed(node, self._view.program, place, listed)
        names = {act.places["block"] for act in acts if act.name in (IMPORT_BLOCK.name, IMPORT_BY_PATH.name)}
        keys = list(dict.fromkeys([*self._known, *map(Pubkey.from_string, sorted(names))]))
        self._known = [found.key for found in self._read(keys) if found is not None]
        if listed:
            self._seen = str(listed[0]["signature"])

    def _read(self, keys: list[Pubkey]) -> list[BlockAccount | None]:
        parts = (keys[at : at + MOST_ACCOUNTS] for at in range(0, len(keys), MOST_ACCOUNTS))
        return [found for part in parts for found in read_blocks(self._view.node, self._view.program, part)]
