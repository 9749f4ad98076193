"""The life of the swap lane, with everybody at their worst, as a state machine over three chains."""
