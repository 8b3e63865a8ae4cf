# The instance stage at the end of a pipeline: BESTIE on the WSSS maps of DeepLab, its labels of the training photos, and
# Mask R-CNN on these. Lists of stages inherit it and append `bestie_stages`; they add what the points are to the options of
# `bestie`.
bestie_stages = [
    dict(
        name='bestie',
        action='train',
        config='bestie',
        options={'train_dataloader.dataset.data_prefix.semantic_masks': '{wsss_maps}/semantic_masks'},
        number='voc/AP50'),
    dict(
        name='bestie_labels', action='predict', config='bestie_labels', checkpoint='bestie', number='voc/AP50'),
    dict(
        name='bestie_evaluation', action='predict', config='bestie', checkpoint='bestie', number='voc/AP50'),
    dict(
        name='mask_rcnn',
        action='train',
        config='mask_rcnn',
        options={'train_dataloader.dataset.ann_file': '{bestie_labels}/instances.json'}),
    dict(name='evaluation', action='predict', config='mask_rcnn', checkpoint='mask_rcnn', number='voc/AP50'),
]
