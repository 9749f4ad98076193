"""The errors of the laboratory: a small tree of its own, one class per cause, its data as fields.

LabError
+-- AnvilFailed         a local chain did not start
+-- AnvilMissing        there is no anvil to start one with
+-- ClusterElsewhere    the node that a fork of Solana was to stand on serves another cluster
+-- EngineFailed        revm did not begin to execute a message
+-- ForkUnreachable     the node that a fork was to stand on does not answer
+-- ForkElsewhere       the node that a fork was to stand on serves another chain
+-- ForkUnnamed         nothing says which node a fork is to stand on
+-- NoSuchBackend       nothing that chains can be made of has this name
+-- NoSuchChain         a name that none of the chains has
+-- NodeRefused         a local chain's node answers a request with an error
+-- PortTaken           another program listens on the port
+-- PyrevmMissing       there is no pyrevm to run chains in process with
+-- ReorgTooDeep        a reorganisation of blocks that the chain does not have
+-- SoldersMissing      there is no solders to run Solana's programs in process with
+-- SpecUnusable        chains cannot be as they are asked for
+-- SurfnetFailed       Surfpool's network did not start
+-- SnapshotGone        the chain has been set further back since the snapshot
+-- TimeNotLater        a block cannot be as old as its parent, or older
+-- TimestampNotLater   a block's time is not after its parent's
+-- TransactionRefused  a chain in process does not take a transaction in
+-- ContractUnusable    a file gives no contract, or it is not deployed
+-- FaultUnavailable    chains of this kind have no such fault
+-- FolderTaken         a new project would lie over something else
+-- MachineUnusable     a machine's class lacks what it needs
+-- MutantUnusable      a mutant cannot be planted or tested
+-- NeverCame           something did not happen within the rounds given
+-- NoSuchGate          no gate of a project has this name
+-- NoSuchPromise       no promise of a project has this name
+-- NoSuchScenario      the conformance suite has none of this name
+-- NoSuchWay           nothing is carried between these chains
+-- NotForThisBridge    a scenario that means nothing for a bridge
+-- PackageUnavailable  a package of npm cannot be had
+-- PlanInapplicable    a plan names what the world does not have
+-- ProjectUnusable     a folder or its settings are no project to look at
+-- ReplayUnusable      a file cannot be played again
+-- StepsNeverDone      steps of a machine that no example carried out
+-- UnknownTransaction  no removed transaction has this hash
"""

from zklink.lab.errors.base import LabError as LabError
from zklink.lab.errors.of_chains import *  # noqa: F403
from zklink.lab.errors.of_faults import *  # noqa: F403
from zklink.lab.errors.of_projects import *  # noqa: F403

OPENING_ERRORS = (
    AnvilFailed,  # noqa: F405
    AnvilMissing,  # noqa: F405
    ClusterElsewhere,  # noqa: F405
    ForkElsewhere,  # noqa: F405
    ForkUnnamed,  # noqa: F405
    ForkUnreachable,  # noqa: F405
    NoSuchBackend,  # noqa: F405
    PackageUnavailable,  # noqa: F405
    PortTaken,  # noqa: F405
    PyrevmMissing,  # noqa: F405
    SoldersMissing,  # noqa: F405
    SpecUnusable,  # noqa: F405
    SurfnetFailed,  # noqa: F405
)
"""Why `open_chains` opens none: each says in one sentence what would be right."""
