"""Compile farms without configuration: distcc servers found in DNS, for every build system."""

__all__: list[str] = []
