"""Meters: the sources of energy figures, behind one small interface."""
