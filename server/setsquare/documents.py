"""Documents: the bytes that are analysed, from an open buffer or from the disk."""

from enum import Enum

from setsquare.records import record


class Dialect(Enum):
    """The two languages of configuration that rules speak about."""

    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"


class Format(Enum):
    """How a document is written."""

    HCL = "hcl"
    TF_JSON = "tf.json"
    TFVARS = "tfvars"
    TFVARS_JSON = "tfvars.json"
    YAML = "yaml"
    JSON = "json"

    @property
    def dialect(self) -> Dialect:
        """The dialect that the format belongs to."""
        if self in (Format.YAML, Format.JSON):
            return Dialect.CLOUDFORMATION
        return Dialect.TERRAFORM


_SUFFIXES = (
    (".tf.json", Format.TF_JSON),
    (".tofu.json", Format.TF_JSON),
    (".tfvars.json", Format.TFVARS_JSON),
    (".tfvars", Format.TFVARS),
    (".tf", Format.HCL),
    (".tofu", Format.HCL),
    (".yaml", Format.YAML),
    (".yml", Format.YAML),
    (".template", Format.YAML),
    (".json", Format.JSON),
)


def format_of(path: str, source: bytes | None = None) -> Format | None:
    """Return the format that a file's name (and, for ``.template``, its first character) says it has."""
    for suffix, named in _SUFFIXES:
        if path.endswith(suffix):
            if suffix == ".template" and source is not None and source.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
                return Format.JSON
            return named
    return None


def is_below(path: str, folder: str) -> bool:
    """Whether a path lies in a folder, at any depth."""
    return path.startswith(folder.rstrip("/") + "/")


@record
class Document:
    """One version of one file.

    Attributes:
        path: absolute path with forward slashes; the identity of the document.
        source: its bytes, as they are on disk or in the editor (BOM and line ends included).
        version: the editor's version, or None where the bytes come from the disk.

    """

    path: str
    source: bytes
    version: int | None = None


class Overlay:
    """The open buffers: they win over the files on disk."""

    def __init__(self) -> None:
        self._open: dict[str, Document] = {}

    def set(self, document: Document) -> None:
        """Open a buffer or replace its content."""
        self._open[document.path] = document

    def remove(self, path: str) -> None:
        """Close a buffer; the file on disk counts again."""
        self._open.pop(path, None)

    def get(self, path: str) -> Document | None:
        """Return the open buffer of a path, if there is one."""
        return self._open.get(path)

    def paths(self) -> tuple[str, ...]:
        """Return the paths of all open buffers, sorted."""
        return tuple(sorted(self._open))
