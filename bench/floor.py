"""The floor: read the files of a folder and parse them with tree-sitter, in one process, and nothing else."""

import os
import sys

import tree_sitter
import tree_sitter_hcl
import tree_sitter_yaml

HCL = frozenset({".tf"})
TEMPLATES = frozenset({".yaml", ".yml", ".json", ".template"})  # JSON is YAML
LEFT_OUT = frozenset({".git", ".terraform", "node_modules"})


def files(path: str) -> list[str]:
    """Return the infrastructure files below a folder, or the file itself."""
    if not os.path.isdir(path):
        return [path]
    found = []
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        found += [os.path.join(folder, name) for name in sorted(names) if _suffix(name) in HCL | TEMPLATES]
    return found


def parse(path: str) -> tree_sitter.Tree:
    """Read and parse one file."""
    with open(path, "rb") as file:
        return parser_of(path).parse(file.read())


def parser_of(path: str) -> tree_sitter.Parser:
    """Return the parser for a file of this name."""
    return _HCL if _suffix(path) in HCL else _YAML


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1]


_HCL = tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))
_YAML = tree_sitter.Parser(tree_sitter.Language(tree_sitter_yaml.language()))

if __name__ == "__main__":
    for name in files(sys.argv[1]):
        parse(name)
