"""The owner's tools: a wallet that finds its account, counts nonces and signs. Knows an operator only as a port."""
