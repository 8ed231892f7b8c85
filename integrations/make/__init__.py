"""The Makefile fragment."""
