"""Tasks: named parts of a test or script, nested and concurrent, each with its own cost."""
