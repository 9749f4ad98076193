"""The story of five chains: four with contracts, and Solana with a program, served by one node in this process."""
