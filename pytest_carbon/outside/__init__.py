"""Measuring where no pytest runs: scripts, notebooks, and commands."""
