"""What an owner uses: a wallet that finds its account, counts nonces and signs. Knows no node, only its port."""
