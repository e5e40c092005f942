"""Statistics of the bank: running counts, calibration, and the pages on them."""
