"""Turning the checkpoints of the papers' official codes into ours."""
