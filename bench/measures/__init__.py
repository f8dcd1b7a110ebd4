"""One module for each name that `manage.py bench` knows, with a function `figures()` that yields Figure."""
