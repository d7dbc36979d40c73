"""The report: an engine without content. How to write for it stands in ``docs/chapters.md``.

`replication.report.build.render_report` turns a template, models and figures into
``report.md``, ``report.html``, ``report.pdf`` and ``figures/``. It knows no chapter and no number.
"""
