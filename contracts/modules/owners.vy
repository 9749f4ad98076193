# pragma version 0.4.3
"""
@title owners
@license Apache-2.0
@notice Which addresses are known to be somebody's on this chain: those that have put a request for themselves into the
        account lane. Takes callers, answers; never forgets one.
@dev Whoever owns an account on another chain need not control the same 20 bytes here. Nobody but the owner itself can
     make its address known, so what a stranger has paid out here is only ever sent to a known one.
"""

known: HashMap[address, bool]


@internal
def remember(owner: address):
    """
    @notice An owner has acted here.
    """
    self.known[owner] = True
