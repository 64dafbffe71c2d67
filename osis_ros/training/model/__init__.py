"""The network in plain PyTorch: `semseg/` is the paper's, `additions/` what we put between its steps.

`detector.py` puts both together as `config.py` says; `backbones/` turn images into feature maps. No data loading, no
training loop, no files other than weights.
"""
