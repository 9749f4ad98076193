"""What the doors of every chain should cost, and the loop that sets them when they drift."""
