"""A compile farm on loopback: a name server and real distccd, for the demo and for tests."""
