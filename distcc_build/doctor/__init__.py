"""What `distcc-build doctor` looks at: one file per station, and the findings that all give."""
