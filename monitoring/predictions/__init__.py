"""Prediction logs: which files may be read, their rows, the windows, and what quality was in each. No Django here."""
