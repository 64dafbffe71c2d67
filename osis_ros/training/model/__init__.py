"""SemSeg, the network (Yang et al., RA-L 2024): backbone, proposals, RoI stage, embedding, masks, decision.

Plain PyTorch modules and functions of tensors, one concept a file; `semseg.py` puts them together.
No data loading, no training loop, no files other than weights.
"""
