"""A watch from outside: what is wrong with a deployment, from the chains alone."""
