# EPS + PPC (CVPR 2022) with the paper's settings; see configs/eps/README.md for saliency maps.
_base_ = ['../eps/eps_resnet38_20k_voc2012.py', '../_base_/models/ppc.py']
model = _base_.ppc
