"""The command pytest-carbon."""
