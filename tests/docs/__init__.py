"""The documentation is under test like code: its site, its links, its commands and its code blocks."""
