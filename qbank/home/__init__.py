"""The front page: what to do next, for each role."""
