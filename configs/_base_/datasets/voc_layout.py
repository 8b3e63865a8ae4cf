# Photos of your own in VOC layout with the 20 classes of VOC; for others set num_classes and metainfo.
# WSIS_DATA_ROOT: the folder; WSIS_WEAK_SPLITS: photos to learn from (tags only), split files separated by commas;
# WSIS_LABEL_SPLITS: photos to make pseudo labels of, and to train on them; WSIS_VAL_SPLITS: with masks, to evaluate on.
# WSIS_TAGS_FILE: tags of all photos in one file instead of XML, relative to the folder; `none` for XML.
_base_ = './voc_classes.py'
data_root = '{{$WSIS_DATA_ROOT:data/voc_layout/}}'
tags_file = '{{$WSIS_TAGS_FILE:none}}'
photo_folder = data_root + '/JPEGImages/'  # what `file_name` of instances is relative to

weak_dataset = dict(
    type='VOCTagDataset',
    data_root=data_root,
    metainfo=_base_.metainfo,
    tags_file=tags_file,
    ann_file='{{$WSIS_WEAK_SPLITS:ImageSets/Segmentation/train.txt}}')
label_dataset = dict(
    type='VOCTagDataset',
    data_root=data_root,
    metainfo=_base_.metainfo,
    tags_file=tags_file,
    ann_file='{{$WSIS_LABEL_SPLITS:ImageSets/Segmentation/train.txt}}')
val_dataset = dict(
    type='VOCTagDataset',
    data_root=data_root,
    metainfo=_base_.metainfo,
    tags_file=tags_file,
    ann_file='{{$WSIS_VAL_SPLITS:ImageSets/Segmentation/val.txt}}')
