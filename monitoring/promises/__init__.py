"""What people promised, beside what the machines see."""
