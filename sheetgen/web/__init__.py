"""The verdict in a browser: the judge, unchanged, on a page that sends nothing anywhere."""
