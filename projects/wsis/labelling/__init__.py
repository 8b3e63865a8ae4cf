"""From a folder of photos and their tags to masks and a detector, in one command."""
