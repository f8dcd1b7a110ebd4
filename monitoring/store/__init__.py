"""Points, their series' stamps and the rollups of closed hours: written in bulk, read in windows."""
