"""The engine that makes a report; ``docs/chapters.md`` says how to write chapters for it.

`replication.report.build.render_report` turns a template, models and figures into
``report.md``, ``report.html``, ``report.pdf`` and ``figures/``. It knows no chapter and no number.
"""
