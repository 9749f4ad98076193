"""Version 1's gas beside today's: the rows of the table "before and after" (docs/performance.md).

Version 1 is the protocol in which every chain committed, proved and executed every block, and told every other chain of
it. Its figures are the last ones of its own measurement; where it needed several calls they are added up.
"""

from dataclasses import dataclass
from typing import Final

_COMMIT: Final = 176_882
_PROVE: Final = 272_022
_PROVE_FURTHER: Final = 70_538
_EXECUTE: Final = 64_599
_REQUEST: Final = 3_175
_PAYOUT: Final = 2_276
_PAID: Final = 33_123
_WORD: Final = 512
_SWAP: Final = 97_389
_FREEZE: Final = 99_454
_CREATED: Final = 16_077_486

_SWAP_WORDS: Final = 8
_CHAINS: Final = 4
_SLOTS: Final = 64
_EMPTY: Final = _CHAINS * (_COMMIT + _PROVE + _EXECUTE)
_ONE_SWAP: Final = _REQUEST + _PAYOUT + _PAID + _SWAP_WORDS * _WORD

MESSAGE: Final = 98_078
"""What version 1 took for each message from one chain to another, which could serve several blocks; in no row."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: `calls` are version 1's; `figure` names today's."""

    what: str
    calls: str
    before: int
    figure: str


ROWS: Final = (
    Row("primary, a block, fixed part", "commit, prove", _COMMIT + _PROVE, "accept, fixed part of a block"),
    Row("primary, per word of a block", "commit", _WORD, "accept, per word"),
    Row(
        "primary, each further block of a call",
        "commit, prove",
        _COMMIT + _PROVE_FURTHER,
        "accept, each further block in the same call",
    ),
    Row("member, a block, fixed part", "commit, prove", _COMMIT + _PROVE, "import, fixed part of a block"),
    Row(
        "member, each further block of a call",
        "commit, prove",
        _COMMIT + _PROVE_FURTHER,
        "import, each further block in the same call",
    ),
    Row("a further ERC-20 payout, without its words", "execute", _PAID, "import, a payout's payment alone"),
    Row(
        "a block of one swap from a member to the primary, those two's calls",
        "commit, prove, execute on four chains",
        _EMPTY + _ONE_SWAP,
        "one swap from a member to the primary, their two calls",
    ),
    Row(
        "a block of one swap between members, the primary's call and the one that pays",
        "the same",
        _EMPTY + _ONE_SWAP,
        "one swap between two members, the primary's call and the one that pays",
    ),
    Row(
        "a block of one swap between members, their calls and the primary's",
        "the same",
        _EMPTY + _ONE_SWAP,
        "one swap between two members, their calls and the primary's",
    ),
    Row(
        "a block of one swap between members, calls of all four chains",
        "the same",
        _EMPTY + _ONE_SWAP,
        "one swap between two members, all four chains' calls",
    ),
    Row(
        "a block of one swap from each of four chains, all calls",
        "the same",
        _EMPTY + _CHAINS * _ONE_SWAP,
        "one swap from each of four chains, all calls",
    ),
    Row(
        "a block of 64 swaps, all calls",
        "the same",
        _EMPTY + _SLOTS * _ONE_SWAP,
        "full block, all calls",
    ),
    Row(
        "a swap of a block of 64, its user's call included",
        "the same, swap",
        _EMPTY // _SLOTS + _ONE_SWAP + _SWAP,
        "full block, a swap's share and its user's call",
    ),
    Row("a user's swap, ERC-20", "swap", _SWAP, "swap ERC-20"),
    Row("a user's deposit, ERC-20", "deposit", 94_075, "deposit ERC-20"),
    Row("a user's full exit", "full_exit", 68_838, "full exit"),
    Row("a broker's fill, native coin", "fill", 67_334, "fill native coin"),
    Row("a freeze over a request (confirmed a day later)", "freeze_for_request", _FREEZE, "call a freeze, member"),
    Row("begin an exodus", "begin_exodus", 109_978, "begin exodus"),
    Row("an owner's exit by proof", "exit", 322_439, "exit by proof, ERC-20"),
    Row("all contracts of a member", "creations", _CREATED, "create all contracts of a member"),
    Row("all contracts of the primary", "creations", _CREATED, "create all contracts of the primary"),
)
