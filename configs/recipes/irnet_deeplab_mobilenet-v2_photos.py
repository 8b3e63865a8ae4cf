# Your own photos on two CPU cores: CAM, refined by IRNet, then a light DeepLab V3+.
_base_ = ['../_base_/recipes/irnet_deeplab.py', '../_base_/datasets/photos.py']
configs = dict(
    cam='configs/cam/cam_mobilenet-v2_5e_photos.py',
    inter_pixel_labels='configs/irnet/inter-pixel-labels_photos.py',
    irnet='configs/irnet/irnet_mobilenet-v2_12e_photos.py',
    deeplab='configs/deeplab/deeplab-v3plus_mobilenet-v2_40e_photos.py',
    deeplab_maps='configs/deeplab/deeplab-v3plus_mobilenet-v2_40e_photos-maps.py')
