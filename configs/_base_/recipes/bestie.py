# The instance stages at the end of a recipe: PAM and its peaks, BESTIE on the WSSS maps of DeepLab, its labels of the training
# images, and Mask R-CNN on these. Recipes append `peak_stages` (unless points are given) and `bestie_stages` to the stages
# that end with the WSSS maps.
peak_stages = [
    dict(name='peak_classifier', action='train', config='pam', number='multi_label/mAP'),
    dict(name='peaks', action='predict', config='pam', checkpoint='peak_classifier', number='peak/single'),
]
learn_from_peaks = {'train_dataloader.dataset.points_file': '{peaks}/peaks.json'}  # option of `bestie`
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
