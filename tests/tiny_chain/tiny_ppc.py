# tiny_seam.py with the contrast, in the way of configs/ppc.
_base_ = ['./tiny_seam.py', '../../configs/_base_/models/ppc.py']
model = _base_.ppc
