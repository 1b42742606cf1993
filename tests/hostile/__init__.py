"""Peers that mean harm, or are broken beyond anything: what they may do to the program, and what not."""
