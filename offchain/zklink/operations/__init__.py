"""One module per operation: its request, its records and how they read and write as words."""
