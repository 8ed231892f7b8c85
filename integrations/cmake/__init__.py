"""Files for cmake."""
