"""Runs tests, and judges those that need no look."""
