"""The gate: from measurements, baselines and budgets to verdicts, by pure functions."""
