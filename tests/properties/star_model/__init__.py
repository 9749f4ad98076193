"""The rules of version 2, the star, as a program whose every world is visited: see docs/star-model.md."""
