"""Against the authors' implementation: their checkpoints become ours, and our outputs are held against theirs.

Knows Detectron2's names; nothing else here or elsewhere in the package needs to.
"""
