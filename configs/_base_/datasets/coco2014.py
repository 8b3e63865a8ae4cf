# COCO 2014 in its official layout: 82,783 images in train2014, 40,504 in val2014.
_base_ = './coco2017.py'
photo_folder = 'data/coco/train2014/'
weak_dataset = dict(
    ann_file='annotations/instances_train2014.json', data_prefix=dict(img_path='train2014'))
label_dataset = weak_dataset
val_dataset = dict(ann_file='annotations/instances_val2014.json', data_prefix=dict(img_path='val2014'))
