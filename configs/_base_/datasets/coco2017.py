# COCO 2017 in its official layout: images in train2017 and val2017, json files in annotations.
classes = (
    'person', 'bicycle', 'car', 'motorcycle', 'airplane', 'bus', 'train', 'truck', 'boat', 'traffic light', 'fire hydrant',
    'stop sign', 'parking meter', 'bench', 'bird', 'cat', 'dog', 'horse', 'sheep', 'cow', 'elephant', 'bear', 'zebra',
    'giraffe', 'backpack', 'umbrella', 'handbag', 'tie', 'suitcase', 'frisbee', 'skis', 'snowboard', 'sports ball', 'kite',
    'baseball bat', 'baseball glove', 'skateboard', 'surfboard', 'tennis racket', 'bottle', 'wine glass', 'cup', 'fork',
    'knife', 'spoon', 'bowl', 'banana', 'apple', 'sandwich', 'orange', 'broccoli', 'carrot', 'hot dog', 'pizza', 'donut',
    'cake', 'chair', 'couch', 'potted plant', 'bed', 'dining table', 'toilet', 'tv', 'laptop', 'mouse', 'remote', 'keyboard',
    'cell phone', 'microwave', 'oven', 'toaster', 'sink', 'refrigerator', 'book', 'clock', 'vase', 'scissors', 'teddy bear',
    'hair drier', 'toothbrush')
num_classes = len(classes)
metainfo = dict(classes=classes)
data_root = 'data/coco/'
photo_folder = data_root + 'train2017/'
points_file = data_root + 'points.json'  # one point per object, if there are points (configs/pam/README.md)

weak_dataset = dict(
    type='CocoTagDataset',
    data_root=data_root,
    metainfo=metainfo,
    ann_file='annotations/instances_train2017.json',
    data_prefix=dict(img_path='train2017'))
label_dataset = weak_dataset
val_dataset = dict(
    weak_dataset, ann_file='annotations/instances_val2017.json', data_prefix=dict(img_path='val2017'))
