"""Files for make."""
