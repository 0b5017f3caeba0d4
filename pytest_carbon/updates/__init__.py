"""How runs get into the baselines: what is stored of them, shown first, pruned and merged."""
