"""From stored points to what a monitor found: now, again after a restart, or as it would have been."""
