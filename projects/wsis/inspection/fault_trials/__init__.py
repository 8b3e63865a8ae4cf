"""Fault trials: a tiny recipe is disturbed at a random moment, resumed, and compared with an undisturbed run."""
