"""Two versions, measured in pairs: which tests differ, and whether the whole suite does."""
