"""What people type about systems: few fields, each with its help; what actions refuse is said beside the field."""
