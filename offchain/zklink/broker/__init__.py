"""The broker: pays recipients ahead of the block from its own inventory, and is repaid when the block is executed."""
