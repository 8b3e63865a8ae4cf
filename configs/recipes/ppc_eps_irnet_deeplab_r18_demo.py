# The demo set: classical saliency maps, EPS + PPC, refined by IRNet, then DeepLab V2.
_base_ = ['./irnet_deeplab_r18_demo.py', '../_base_/recipes/saliency.py']
configs = dict(cam='configs/ppc/ppc-eps_r18_36e_demo.py')
stages = [_base_.saliency_stage, *_base_.stages]
options = dict(classifier=_base_.learn_from_saliency)
