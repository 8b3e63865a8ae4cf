"""Using trained models on new images: what they are given, the inferencer, and what it writes."""
