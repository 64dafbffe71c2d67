"""The pictures of a model card: what a bundle finds, where its distances lie, and its embedding space.

Needs matplotlib and scikit-learn, which nothing else of the evaluation does: `pip install '.[figures]'`.
"""
