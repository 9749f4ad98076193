"""The one exception tree of the package: one class per cause, its data as fields; import them from here.

    ZkLinkError
    +-- ProtocolError        malformed data: words, addresses, presets, messages
    +-- OperationError       signed operations that the state does not allow, and how to mend them
    +-- StateError           impossible states and blocks, and data of chains that contradicts them
    +-- L1Error              chains, contracts and their nodes
    +-- ProverError          witnesses, keys and proofs
    +-- ToolError            programs and packages the product runs
    +-- ApiError             requests to the public API
    +-- ClientError          what a client does not believe, does not know, or has not seen in time

The lab, which knows nothing of this system, has a small tree of its own (`zklink.lab.errors`).

Every class carries its data as fields and states the cause in `__str__`. Misuse of `primitives` is a programmer's
mistake, never caused by data from outside; it raises a plain ValueError or IndexError.
"""

from zklink.protocol.errors.api import *
from zklink.protocol.errors.base import *
from zklink.protocol.errors.ceremony import *
from zklink.protocol.errors.client import *
from zklink.protocol.errors.deploying import *
from zklink.protocol.errors.government import *
from zklink.protocol.errors.l1 import *
from zklink.protocol.errors.operation import *
from zklink.protocol.errors.protocol import *
from zklink.protocol.errors.prover import *
from zklink.protocol.errors.recovery import *
from zklink.protocol.errors.replay import *
from zklink.protocol.errors.sequencing import *
from zklink.protocol.errors.solana import *
from zklink.protocol.errors.state import *
from zklink.protocol.errors.storage import *
from zklink.protocol.errors.sync import *
from zklink.protocol.errors.tokens import *
from zklink.protocol.errors.tools import *
from zklink.protocol.errors.trading import *
from zklink.protocol.errors.upkeep import *
