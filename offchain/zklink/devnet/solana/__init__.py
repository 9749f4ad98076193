"""The program of a local deployment on a Solana chain of the laboratory: founding, test tokens, people's calls."""
