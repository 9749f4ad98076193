# pragma version 0.4.3
"""
@title owners
@license Apache-2.0
@notice The addresses whose holders have acted on this chain: each has put a request for itself into the account lane.
        Takes the callers of such requests, gives whether an address is one of them. Never forgets one.
@dev The owner of an account on another chain need not control the same 20 bytes here. Only its holder can make an
     address known, so a forced exit, which a stranger signs, pays only an address whose holder has acted here.
"""

known: HashMap[address, bool]


@internal
def remember(owner: address):
    """
    @notice Notes that an owner has acted here.
    """
    self.known[owner] = True
