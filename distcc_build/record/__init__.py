"""What became of compiles: the journal that the recorder writes, and what is told from it."""
