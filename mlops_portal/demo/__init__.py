"""A small invented organisation, so that a new portal can be looked at and tried."""
