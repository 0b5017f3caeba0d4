"""Baselines: what is stored for each test in each environment."""
