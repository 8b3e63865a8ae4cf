# The demo set: CAM, refined by IRNet, then DeepLab V2. Nothing is pretrained, so IRNet and DeepLab start from the
# classifier's backbone.
_base_ = ['../_base_/recipes/irnet_deeplab.py', '../_base_/recipes/from_classifier.py', '../_base_/datasets/demo.py']
configs = dict(
    cam='configs/cam/cam_r18_36e_demo.py',
    inter_pixel_labels='configs/irnet/inter-pixel-labels_demo.py',
    irnet='configs/irnet/irnet_r18_20e_demo.py',
    deeplab='configs/deeplab/deeplab-v2_r18_20e_demo.py',
    deeplab_maps='configs/deeplab/deeplab-v2_r18_20e_demo-maps.py')
options = dict(irnet=_base_.from_classifier, deeplab=_base_.from_classifier)
