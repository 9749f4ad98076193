"""From an environment file to a deployment on public networks, and back from its record to the chains."""
