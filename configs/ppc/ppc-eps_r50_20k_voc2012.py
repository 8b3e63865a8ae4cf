# EPS + PPC on ResNet-50. At its output stride of 16 the contrast has 8x8 pixels.
_base_ = ['../eps/eps_r50_20k_voc2012.py', '../_base_/models/ppc_eps.py']
model = _base_.ppc
