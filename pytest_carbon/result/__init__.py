"""The finished result of a run: what every report renders and nothing recomputes."""
