# Your own photos, in any folder tree. Copy this file, describe your data in the copy, and pass it as `--data FILE` to
# tools/train.py, test.py and pipeline.py. Every stage then reads your photos and has your classes.
# A reader of your own is imported by custom_imports=dict(imports=['my_package.my_reader']); see docs/tutorials.
classes = ('cat', 'dog', 'person')  # a single class needs a comma: ('cat', )
num_classes = len(classes)
metainfo = dict(classes=classes)
data_root = 'data/photos/'
photo_folder = data_root  # the folder that `file_name` in a COCO json of instances is relative to
# One point per object, for BESTIE with points; relative to the working directory (configs/pam/README.md).
points_file = data_root + 'points.json'
# Photos without tags: 'negative' if they contain none of the classes (classifiers learn from this), 'ignore' if nobody has
# checked them.
untagged_photos = 'negative'

# Photos to make labels of, and to train on these labels. Files and folders are relative to data_root.
label_dataset = dict(
    type='PhotoTagDataset',
    data_root=data_root,
    metainfo=metainfo,
    ann_file=None,  # all photos; or text files with one photo per line
    tags_file='tags.csv',
    # True masks, if there are any, are read by metrics only: a COCO json, or folders of PNG files by
    # data_prefix=dict(sem_seg=..., instance=...) instead.
    mask_file=None)
# Photos that classifiers learn from. EPS reads its saliency maps from the folder `saliency`, or from another one by
# data_prefix=dict(saliency=...).
weak_dataset = dict(label_dataset, filter_cfg=dict(filter_empty_tags=untagged_photos == 'ignore'))
# Photos with true masks to evaluate on, if there are any: dict(label_dataset, ann_file='val.txt', mask_file='val.json')
val_dataset = None
