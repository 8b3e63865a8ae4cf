# The same with a given point an object (WSIS_POINTS_FILE, see configs/pam/README.md) in the place of PAM's peaks; the classifier
# and semantic maps still learn from tags.
_base_ = ['./irnet_deeplab.py', './bestie.py']
stages = [*[dict(stage) for stage in _base_.stages], *[dict(stage) for stage in _base_.bestie_stages]]
