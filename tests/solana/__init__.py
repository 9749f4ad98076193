"""The Solana program: its build, its interface, and the program itself in LiteSVM."""
