"""The accounts story: people use layer 2, the operator dies with its database, everybody leaves by proof."""
