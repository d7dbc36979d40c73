"""How often `compare` contradicts runs of the reported population, and how often it finds more.

`populations.py` draws runs. `rows.py`, `plus_minus.py` and `tables.py` repeat the tests of
`replication` for arrays of trials, because one trial after the other would take days; a test
asserts that both agree. `measuring_rows.py`, `measuring_tables.py` and `measuring_iqm.py` count,
and `pages.py` writes the counts into the documentation.

Everywhere `own` are one's own runs, `theirs` the runs behind the report; n and m are their numbers.
"""
