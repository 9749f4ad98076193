"""The relayer: brings orders that users have signed to an entry contract, and pays the coin for them."""
