"""How often `compare` contradicts runs of the reported population, and how often it finds more.

`populations.py` draws runs. `rows.py`, `plus_minus.py` and `tables.py` hold the tests of
`replication` once more, for arrays of trials, because one by one they would take days; a test holds
that both agree. `measuring_rows.py`, `measuring_tables.py` and `measuring_iqm.py` count, and
`pages.py` writes what was counted into the documentation.
"""
