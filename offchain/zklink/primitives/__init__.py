"""The field, hashes and trees that everything else is built from; pure and free of protocol knowledge."""
