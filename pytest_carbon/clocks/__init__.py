"""Clocks: the CPU time of a process tree."""
