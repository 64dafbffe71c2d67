"""The measures: ground truth and detections in, figures out. Never reads or writes a file."""
