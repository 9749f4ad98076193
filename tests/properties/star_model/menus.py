"""Blocks to choose from. In a menu all blocks of one number are rivals; `!` marks a forged request."""

from .blocks import PRIMARY, Block, Serving

FROM_0 = Serving(PRIMARY, 1)
FROM_1 = Serving(1, PRIMARY)
FORGED = Serving(1, PRIMARY, forged=True)

A = Block("A", 1, (FROM_0, FROM_1))
"""The primary's request is paid on 1, 1's on the primary."""
B = Block("B", 1, (FROM_1,))
E = Block("E", 1)
"""Empty."""
U = Block("U", 1, provable=False)
"""Liars seal it; nobody can prove it."""
X = Block("X!", 1, (FORGED,))
M = Block("M!", 1, (FROM_1, FORGED))
"""A true request and a forged one, as a user and a validator in one person would have it (attack H5)."""
Y = Block("Y!", 2, (FORGED,))
C = Block("C", 2, (FROM_0,))
D = Block("D", 2, (Serving(1, 1),))
"""1's request is refunded."""
N = Block("N", 2)
H = Block("H", 3, (FROM_1,))

P = Block("P", 1, (Serving(1, PRIMARY, final=False),))
"""A full exit of 1, served in part on the primary: it stays first in its queue (kind 19)."""
Q = Block("Q", 2, (Serving(1, 1, final=False),))
"""The same, served in part on 1."""
R = Block("R", 3, (FROM_1,))
"""The rest of it, consumed."""
Z = Block("Z!", 1, (Serving(1, PRIMARY, forged=True, final=False),))
"""A full exit that nobody asked for, served in part."""

A2 = Block("a", 1, (Serving(1, 2), Serving(PRIMARY, 1)))
"""Two members: 1's request is paid on 2, the primary's on 1."""
B2 = Block("b", 1, (Serving(2, 1),))
G2 = Block("G", 2, (Serving(2, 1), Serving(1, 2)))
Z2 = Block("z!", 1, (Serving(2, 1, forged=True),))
"""A forged request of 2, paid on 1."""
UNSEALED = Block("z!", 1, (Serving(2, 1, forged=True),), sealable=False)
"""The same, which nobody has sealed."""
UNSEALED_ON_0 = Block("X!", 1, (FORGED,), sealable=False)
INVENTED = Block("i!", 1, (Serving(PRIMARY, 1, forged=True),), sealable=False)
"""A deposit on the primary that nobody has made, and a block that nobody has sealed (attack C1)."""
