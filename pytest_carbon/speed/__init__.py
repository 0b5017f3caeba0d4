"""The speed of the core: how fast the machine ran while a test did."""
