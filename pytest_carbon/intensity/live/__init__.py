"""Live carbon intensity, for reports only: sources, their cache, and their order."""
