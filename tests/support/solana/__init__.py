"""A Solana in process (LiteSVM) with the program on it: `machine` runs transactions, `site` knows the program."""
