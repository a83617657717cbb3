"""The features of the language server, one file each."""
