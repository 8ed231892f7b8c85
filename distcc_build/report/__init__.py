"""The page about a build: one HTML file that needs nothing else."""

from distcc_build.report.assemble import page

__all__ = ["page"]
