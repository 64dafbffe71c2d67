"""A study: several systems trained on the same data with the same budget, scored alike, laid out as the paper's tables.

`config.py` says what is compared, `work.py` is the list of runs and does them, `threshold.py` sets T_u after training,
`measure.py` scores one, `tables.py`, `figures.py` and `page.py` show what came out.
"""
