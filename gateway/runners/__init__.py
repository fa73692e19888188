"""Long-running loops with one duty each."""
