"""Commands: the groups of `enlace`, one file each; `backend.__main__` puts them together."""
