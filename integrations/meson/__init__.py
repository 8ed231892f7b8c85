"""Files for meson."""
