# Photos of your own, in any folder tree. Copy this file, say in the copy what you have, and name the copy by `--data FILE`
# to tools/train.py, test.py and pipeline.py: every stage, of whatever size, then reads your photos and has your classes.
# A reader of your own is imported by custom_imports=dict(imports=['my_package.my_reader']); see docs/tutorials.
classes = ('cat', 'dog', 'person')  # one alone has its comma: ('cat', )
num_classes = len(classes)
metainfo = dict(classes=classes)
data_root = 'data/photos/'
photo_folder = data_root  # what `file_name` in a COCO json of instances is relative to
# One point an object, for BESTIE with points; relative to the working directory (configs/pam/README.md).
points_file = data_root + 'points.json'
# Photos without tags: 'negative' where none of the classes is in them, which classifiers learn from; 'ignore' where nobody
# has looked.
untagged_photos = 'negative'

# Photos to make labels of, and to train on these. Files and folders are relative to data_root.
label_dataset = dict(
    type='PhotoTagDataset',
    data_root=data_root,
    metainfo=metainfo,
    ann_file=None,  # all photos; or text files that name some, one a line
    tags_file='tags.csv',
    # True masks, where there are any, are read by metrics only: a COCO json, or folders of PNG files by
    # data_prefix=dict(sem_seg=..., instance=...) instead.
    mask_file=None)
# Photos that classifiers learn from. EPS has its maps from the folder `saliency`; another one is data_prefix=dict(saliency=...).
weak_dataset = dict(label_dataset, filter_cfg=dict(filter_empty_tags=untagged_photos == 'ignore'))
# Photos with true masks to evaluate on, where there are any: dict(label_dataset, ann_file='val.txt', mask_file='val.json')
val_dataset = None
