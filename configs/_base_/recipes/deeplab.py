# The segmentation model at the end of a recipe: DeepLab trained on the stage `pseudo_labels`, its WSSS maps of the training
# images, and its mIoU on val. Lists of stages inherit it and append `deeplab_stages`.
deeplab_stages = [
    dict(
        name='deeplab',
        action='train',
        config='deeplab',
        options={'train_dataloader.dataset.data_prefix.semantic_masks': '{pseudo_labels}/semantic_masks'},
        number='semantic/mIoU'),
    dict(
        name='wsss_maps', action='predict', config='deeplab_maps', checkpoint='deeplab', number='semantic/mIoU'),
    dict(
        name='deeplab_evaluation', action='predict', config='deeplab', checkpoint='deeplab', number='semantic/mIoU'),
]
