"""The model zoo: what is known of each model, published checkpoints by their names, and the page that shows all."""
