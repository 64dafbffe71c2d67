"""Steps that are not in the paper, one a file with its configuration, losses and inference; `addition.py` says how.

They may use what is in `semseg/`, never the other way round.
"""
