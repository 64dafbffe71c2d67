"""Zero-shot instance segmentation (ZSI, Zheng et al., CVPR 2021): classes are told by the vectors of their names.

So a name that no training image showed can be asked for. Parts that stand where SemSeg's own stand, one concept a file;
`zero_shot_detector.py`, one folder up, puts them together. Nothing here is part of SemSeg or of the shipped model.
"""
