"""Groups of learners and their educators."""
