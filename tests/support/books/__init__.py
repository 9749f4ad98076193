"""Layer on the three chains: blocks of the transition, and independent books that every bridge is compared with."""
