"""Outcomes of single networks, kept in the user's cache folder so that none is simulated twice.

The outcomes of a study follow from its protocol, its root seed and the seeds, to the last bit. So
if the cache is lost, only the time to simulate again is lost, and nothing in it needs to be
protected, repaired or compared. `blocks.py` reads and writes one file; `filling.py` goes through
the blocks of a study and simulates those that are not there.
"""
