"""What is open when the tests have run: looks, verdicts, and the reports that have waited."""
