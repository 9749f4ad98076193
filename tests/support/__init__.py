"""What several test files share. Nothing outside tests imports it."""
