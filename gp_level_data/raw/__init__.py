"""Raw files: how a folder is found, read and refused before anything is stored."""
