"""Parts of GOSS's network (Hong et al., The Visual Computer 40, 2024), which labels pixels: decoder, heads, losses.

What a result is made of, without PyTorch, is in `inference/super_bpd.py` and `inference/scene_instances.py`.
"""
