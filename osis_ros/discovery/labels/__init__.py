"""Labels for labelling tools and for training: one file a format. Each takes the same `LabelSet`."""
