"""A function for each page: asks what the page shows and names its template."""
