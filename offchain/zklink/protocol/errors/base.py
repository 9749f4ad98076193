"""The root of the exception tree and its branches."""


class ZkLinkError(Exception):
    """Every error that this package raises on purpose."""


class ProtocolError(ZkLinkError):
    """Data that does not follow docs/protocol.md."""


class StateError(ZkLinkError):
    """An impossible state or block, or data of a chain that contradicts them."""


class OperationError(ZkLinkError):
    """A signed operation that the state does not allow."""


class L1Error(ZkLinkError):
    """A chain, its node or one of its contracts refused or failed."""


class ProverError(ZkLinkError):
    """A witness, a key or a proof is missing or wrong."""


class ToolError(ZkLinkError):
    """A program or package that the product runs is missing or failed."""


class ApiError(ZkLinkError):
    """A request that the public API refuses."""


class ClientError(ZkLinkError):
    """What a client does not believe, does not know, or has not seen in time."""
