"""The swap page: its form without JavaScript, the relay of a devnet, and all of it in a browser."""
