"""The whole life of a deployment, from its first deposit to the last exit, as a state machine over three chains."""
