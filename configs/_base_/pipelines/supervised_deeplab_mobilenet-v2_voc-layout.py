# The same DeepLab trained on the true masks of photos in VOC layout, to compare with.
results_name = 'results_supervised_deeplab'  # for the work dir of irnet_deeplab_mobilenet-v2_voc-layout.py
stages = [
    dict(
        name='deeplab_supervised',
        action='train',
        config='configs/deeplab/deeplab-v3plus_mobilenet-v2_40e_voc-layout-supervised.py',
        number='semantic/mIoU'),
    dict(
        name='deeplab_supervised_evaluation',
        action='predict',
        config='configs/deeplab/deeplab-v3plus_mobilenet-v2_40e_voc-layout-supervised.py',
        checkpoint='deeplab_supervised',
        number='semantic/mIoU'),
]
