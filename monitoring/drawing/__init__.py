"""Series as the pages show them: between which times, with which band, as which picture."""
