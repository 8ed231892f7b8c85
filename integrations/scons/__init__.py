"""Files for scons."""
