"""DNS: which names to ask, and asking them."""
