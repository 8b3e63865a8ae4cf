"""Using trained models on new images: the inputs, the inferencer and its outputs."""
