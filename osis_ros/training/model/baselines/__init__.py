"""Parts of other systems that SemSeg is compared with (section IV-A), one concept a file.

They stand where SemSeg's own parts stand. `by_class_detector.py` and `placeholder_detector.py`, one folder up, put them
together. Nothing here is part of the paper's network or of the shipped model.
"""
