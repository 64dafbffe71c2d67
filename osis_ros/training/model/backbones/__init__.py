"""Networks that turn an image into feature maps, the pixels that they want, and their published weights."""
