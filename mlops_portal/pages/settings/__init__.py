"""/settings/: one tab each for what people look after themselves, and for what administrators do."""
