"""Vectors for names: words that people use alike have vectors that are near each other.

`word_vectors.py` reads them from the files in which others publish them, `names_file.py` keeps those of a few names.
Neither PyTorch nor ROS.
"""
