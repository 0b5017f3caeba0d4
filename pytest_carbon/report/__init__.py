"""Reports: each renders a finished result and computes nothing."""
