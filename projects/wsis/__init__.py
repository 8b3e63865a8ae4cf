"""WSIS: weakly-supervised instance and semantic segmentation from image-level labels."""
