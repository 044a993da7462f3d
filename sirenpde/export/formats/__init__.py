"""The formats of files, one each, which ends in its registration."""
