"""Layer on the three chains: blocks whose slices a test writes itself, and what each chain has of them."""
