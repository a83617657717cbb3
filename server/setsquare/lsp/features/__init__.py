"""The features of the language server, one file each; ``server.py`` registers them."""
