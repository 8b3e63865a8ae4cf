# EPS + PPC on COCO 2014. The paper of PPC has VOC 2012 only; what it adds keeps its settings.
_base_ = ['../eps/eps_resnet38_256k_coco2014.py', '../_base_/models/ppc_eps.py']
model = _base_.ppc
