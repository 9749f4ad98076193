"""Access to chains: compiled contracts, a client per chain, typed bridges, watchers and the deployment."""
