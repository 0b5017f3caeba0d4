"""What comes from outside: how much of it is read, and what its values may be."""
