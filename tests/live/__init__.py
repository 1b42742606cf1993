"""Faults that are really produced: real servers, real networks, the real command line."""
