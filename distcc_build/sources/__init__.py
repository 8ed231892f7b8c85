"""Where servers are found: one module for each word that a hosts list may ask with."""
