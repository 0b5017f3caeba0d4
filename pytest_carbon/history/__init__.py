"""The history: every run in one SQLite file, to see where energy comes from and goes to."""
