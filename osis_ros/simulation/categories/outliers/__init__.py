"""Kinds of objects that have no class and are no category of val or test either.

They stand in the scenes of the split `outliers` only, which teach a network that not everything rendered is of a
known class (outlier exposure: Hendrycks et al. 2019).
"""
