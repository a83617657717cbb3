"""The build hook of the wheel: compiles the rules into a catalogue, so that no YAML is read at start."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

EXAMPLES = ".examples.yaml"


class CatalogueBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # generic only in hatchling's own annotations
    """Puts two things into the wheel: the compiled catalogue, and the rules it was made from."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the rules and tell the builder what to include where."""
        if version == "editable":
            return  # an editable installation reads rules/ as it is, so that an edited rule takes effect at once
        root = Path(self.root)
        rules = root / "rules"
        build_data["force_include"].update(
            {str(file): f"setsquare/shipped_rules/{file.relative_to(rules).as_posix()}" for file in shipped(rules)}
        )
        self._temporary = tempfile.TemporaryDirectory(prefix="setsquare-catalogue-")
        catalogue = Path(self._temporary.name) / "catalogue.json"
        catalogue.write_bytes(compiled(root))
        build_data["force_include"][str(catalogue)] = "setsquare/catalogue.json"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - the interface's
        """Remove what was compiled."""
        if version != "editable":
            self._temporary.cleanup()


def shipped(rules: Path) -> list[Path]:
    """Return the files of the rules folder that a user may want to read or check by: no examples, which are tests."""
    files = [*rules.rglob("*.yaml"), *rules.rglob("*.json")]
    return sorted(file for file in files if not file.name.endswith(EXAMPLES))


def compiled(root: Path) -> bytes:
    """Return the catalogue of the rules folder, compiled by the package that is being built."""
    sys.path.insert(0, str(root / "server"))
    try:
        from setsquare.rules.compiled import compile_rules  # noqa: PLC0415 - importable only now
    finally:
        sys.path.pop(0)
    return compile_rules(root / "rules")
