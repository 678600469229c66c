"""Faults of servers and networks, made on purpose on real servers."""
