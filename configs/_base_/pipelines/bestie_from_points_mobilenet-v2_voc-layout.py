# The same with given points (WSIS_POINTS_FILE, see configs/pam/README.md) in the place of PAM's peaks; the classifier and the
# semantic maps still learn from tags.
_base_ = './bestie_from_tags_mobilenet-v2_voc-layout.py'
configs = dict(
    bestie='configs/bestie/bestie-points_mobilenet-v2_20e_voc-layout.py',
    bestie_labels='configs/bestie/bestie-points_mobilenet-v2_20e_voc-layout-labels.py')
skip = ['peak_classifier', 'peaks']
options = dict(bestie={'train_dataloader.dataset.points_file': '{{$WSIS_POINTS_FILE:data/points.json}}'})
