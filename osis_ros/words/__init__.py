"""Vectors for names: words that people use alike have vectors that are near each other.

`word_vectors.py` reads them from the files in which others publish them, `names_file.py` keeps those of a few names.
With them `guess.py` guesses what an unknown object is; `embedding_map.py` and `image_tower.py` bring objects into the
space of the names, `guesser.py` puts both together. Neither PyTorch nor ROS.
"""
