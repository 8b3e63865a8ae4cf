# The demo set: classical saliency maps, EPS + PPC, refined by IRNet, then DeepLab V2.
_base_ = ['./irnet_deeplab_r18_demo.py', '../_base_/recipes/saliency.py']
configs = dict(cam='configs/ppc/ppc-eps_r18_36e_demo.py')
saliency = dict(
    _base_.saliency_stage, arguments=[_base_.photo_folder, *_base_.saliency_arguments], reads=[_base_.photo_folder])
stages = [saliency, *_base_.stages]
options = dict(classifier=_base_.learn_from_saliency)
