"""`zklink devnet`: a network on this machine that runs until it is told to end, and comes back as it was."""
