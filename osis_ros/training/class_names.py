"""The known classes of the paper's two benchmarks, in id order."""

# The 20 classes that COCO shares with PASCAL VOC, under COCO's names and in COCO's order.
COCO_KNOWN = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "boat", "bird", "cat", "dog", "horse",
    "sheep", "cow", "bottle", "chair", "couch", "potted plant", "dining table", "tv",
)  # fmt: skip

# GraspNet-1Billion's object id (0-based) → name, for the 28 objects of its test_seen scenes.
GRASPNET_KNOWN = {
    0: "cracker_box", 2: "tomato_soup_can", 5: "banana", 7: "mug", 8: "power_drill", 9: "scissors",
    11: "strawberry", 14: "peach", 17: "plum", 18: "knife", 20: "flat_screwdriver", 21: "racquetball", 22: "b_cups",
    26: "d_toy_airplane", 27: "f_toy_airplane", 29: "i_toy_airplane", 30: "j_toy_airplane", 38: "dabao_sod",
    41: "darlie_toothpaste", 48: "camel", 51: "large_elephant", 52: "rhinocero", 58: "darlie_box", 60: "black_mouse",
    61: "dabao_facewash", 62: "pantene", 63: "head_shoulders_supreme", 66: "head_shoulders_care",
}  # fmt: skip
