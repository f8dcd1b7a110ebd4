"""What stands behind an alert, and what of the business follows a metric."""
