"""Turning the checkpoints of the papers' public codes into ours."""
