"""Converting checkpoints of the official codes to ours."""
