"""One module per operation: its request, its records, and how they are packed into words and read back. Pure."""
