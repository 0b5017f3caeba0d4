"""Runs on several hosts: what their workers are told, what they say, and who judges for them."""
