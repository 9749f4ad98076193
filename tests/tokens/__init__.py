"""What happens to each kind of token: docs/tokens.md, seen."""
