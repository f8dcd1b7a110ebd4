"""What measures speed and detection, as ratios to another way of doing the same; never a timed test."""
