"""What measures while tests run."""
