"""What people type about sources and metrics."""
