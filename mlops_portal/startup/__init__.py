"""How the portal starts itself on one machine: `manage.py up` and everything that it starts, watches and ends."""
