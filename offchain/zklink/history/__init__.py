"""Read models: a node's events become swaps, blocks and solvency. No clock: every event carries its time."""
