"""The JavaScript module answers as the Python package does, which writes the vectors of both."""
