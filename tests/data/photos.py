# A data set of three classes in a folder tree, with a val split, masks and points; only read, its photos do not exist.
classes = ('red fox', 'traffic light', 'Café')
num_classes = len(classes)
metainfo = dict(classes=classes)
data_root = 'my photos/'
photo_folder = data_root
points_file = data_root + 'points.json'

weak_dataset = dict(
    type='PhotoTagDataset', data_root=data_root, metainfo=metainfo, tags_file='tags.csv', ann_file='train.txt'
)
label_dataset = dict(weak_dataset, data_prefix=dict(sem_seg='masks'))
val_dataset = dict(label_dataset, ann_file='val.txt')
