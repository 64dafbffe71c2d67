"""Discovery: from recordings to groups of unknown things, and from named groups to labels.

Recordings are segmented, instances become things (one for each track), things are clustered, and a page shows the
clusters. `labels/` writes what a person named for labelling tools and for training. May import ROS only through
`osis_ros.bags`, when a bag is read. Never torch.
"""
