"""Compile farms without configuration: discovery of distcc servers in DNS, for every build system."""

__all__: list[str] = []
