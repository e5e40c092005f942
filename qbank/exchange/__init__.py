"""Questions in and out: one module per format, all of one shape."""
