"""Logs as they are: streams of any size, packed or not, in any encoding, with times in the usual forms.

What is in here reads bytes and states what it found; it names no cause, writes nothing and keeps no more than a
block of the input.
"""
