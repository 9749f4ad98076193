"""The settings of a node: what they are (`model`), and where they come from (`source`)."""
