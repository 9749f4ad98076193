"""Who is dishonest, asleep or unlucky."""

from .state import Adversary

FAIR = Adversary("nobody; the primary halts and comes back", halts=True)
REORGS = Adversary("nobody; blocks are final later", halts=True, reorgs=True)
UNSEEN = Adversary("nobody; the primary halts, its last block unseen", halts=True, unseen=True)
FORGETS = Adversary("nobody; the primary's finality is broken", forgets=True)
FORGETS_REQUESTS = Adversary(
    "nobody; the primary's finality is broken, for its requests too", forgets=True, forgets_requests=True
)
MEMBER_FORGETS = Adversary("nobody; a member's finality is broken", member_forgets=True)

VALIDATORS = Adversary("validators", validators="bad")
VALIDATORS_HALTS = Adversary("validators; the primary halts and comes back", validators="bad", halts=True)
VALIDATORS_REORGS = Adversary("validators; blocks are final later", validators="bad", reorgs=True)
VALIDATORS_WORST_HALT = Adversary(
    "validators; the primary halts and comes back without its last block", validators="bad", halts=True, reorgs=True
)
VALIDATORS_ALONE = Adversary("validators, governor asleep", validators="bad", governor="asleep")
VALIDATORS_GOVERNOR = Adversary("validators and governor", validators="bad", governor="bad")
VALIDATORS_GOVERNOR_SILENT = Adversary(
    "validators and governor, watchers silent", validators="bad", watchers="silent", governor="bad"
)

WATCHERS = Adversary("watchers", watchers="bad")
WATCHERS_HALTS = Adversary("watchers; the primary halts and comes back", watchers="bad", halts=True)
WATCHERS_NO_VALIDATORS = Adversary("watchers, validators asleep", watchers="bad", validators="asleep")
WATCHERS_SLOW_VALIDATORS = Adversary("watchers, validators slow", watchers="bad", validators="slow")
WATCHERS_NO_GOVERNOR = Adversary("watchers, governor asleep", watchers="bad", governor="asleep")
WATCHERS_SLOW_GOVERNOR = Adversary("watchers, governor slow", watchers="bad", governor="slow")
WATCHERS_ALONE = Adversary(
    "watchers, validators and governor asleep", watchers="bad", validators="asleep", governor="asleep"
)
SILENT = Adversary("watchers silent; the primary halts and comes back", watchers="silent", halts=True)
WATCHERS_GOVERNOR = Adversary("watchers and governor", watchers="bad", governor="bad")

GOVERNOR = Adversary("governor; the primary halts and comes back", governor="bad", halts=True)
GOVERNOR_NO_VALIDATORS = Adversary(
    "governor, validators asleep; the primary halts and comes back", validators="asleep", governor="bad", halts=True
)

BOTH = Adversary("validators and watchers", validators="bad", watchers="bad", governor="asleep")
