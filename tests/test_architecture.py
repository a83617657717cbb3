"""What docs/architecture.md and the contracts of the linter say of the modules is said of all of them."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "server" / "setsquare"
MODULES = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()} - {
    "__init__",
    "__main__",
}
CONTRACTS = {
    contract["name"]: {module.removeprefix("setsquare.") for module in contract.get("source_modules", ())}
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
}


def test_every_module_has_its_place_among_the_layers():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    placed = {name for row in rows for name in re.findall(r"`(\w+)`", row)}

    assert placed >= MODULES


def test_no_module_is_left_out_of_the_contracts():
    assert CONTRACTS["Only lsp speaks the language server protocol"] == MODULES - {"cli", "lsp"}
    assert CONTRACTS["Only syntax knows tree-sitter"] == MODULES - {"syntax"}
