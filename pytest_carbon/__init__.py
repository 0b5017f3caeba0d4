"""Emission regression testing for pytest."""
