"""The one exception tree of the package: one class per cause, its data as fields; import them from here.

    ZkLinkError
    +-- ProtocolError        malformed data: words, addresses, presets, messages
    +-- OperationError       signed operations that the state does not allow, and what would be right
    +-- StateError           what a state or a block cannot be
    +-- L1Error              chains, contracts and their nodes
    +-- ProverError          witnesses, keys and proofs
    +-- ToolError            programs and packages the product runs

The lab, which knows nothing of this system, has a small tree of its own (`zklink.lab.errors`).

Every class carries what happened as fields and says it in `__str__`. Misuse of `primitives` (a programmer's mistake,
never a matter of data from outside) is a plain ValueError or IndexError.
"""

from zklink.protocol.errors.base import *
from zklink.protocol.errors.l1 import *
from zklink.protocol.errors.operation import *
from zklink.protocol.errors.protocol import *
from zklink.protocol.errors.prover import *
from zklink.protocol.errors.recovery import *
from zklink.protocol.errors.replay import *
from zklink.protocol.errors.sequencing import *
from zklink.protocol.errors.state import *
from zklink.protocol.errors.sync import *
from zklink.protocol.errors.tools import *
from zklink.protocol.errors.trading import *
