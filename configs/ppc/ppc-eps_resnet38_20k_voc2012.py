# EPS + PPC (CVPR 2022) with the paper's settings but for the images of prototypes; see configs/eps/README.md.
_base_ = ['../eps/eps_resnet38_20k_voc2012.py', '../_base_/models/ppc_eps.py']
model = _base_.ppc
