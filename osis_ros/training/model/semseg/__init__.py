"""SemSeg (Yang et al., RA-L 2024), one concept a file: proposals, RoI head, embedding, classifier, masks, decision.

`semseg.py` puts them together. Nothing here knows of the additions.
"""
