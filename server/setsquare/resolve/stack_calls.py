"""Calls between templates: nested stacks whose template is a file beside the one that calls it.

Source: docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-nested-stacks.html; which paths are local:
docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html.
"""

import posixpath
import re
from collections.abc import Mapping
from typing import Protocol

from setsquare.model import (
    CloudFormationTemplate,
    Expression,
    Literal,
    ObjectExpression,
    Place,
    TemplateResource,
)
from setsquare.records import record
from setsquare.resolve.parameters import fields
from setsquare.text import Span

SOURCES = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}
"""The types that call another template, and the property that names it."""
MAX_NESTING = 32
"""How deep stacks may be nested; what is called deeper is not known."""
MAX_STACKS = 512
"""How many stacks of one template are looked at together."""
OUTPUTS = "Outputs."
"""How the attribute begins by which a caller takes an output."""

INCLUDE = "AWS::Include"
"""The macro that puts a file into a template: docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide, its own page."""
CIRCLE = "the stack calls itself"
"""Why a stack is not known that leads back to itself."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@record
class StackFile:
    """A file that holds one template, as read."""

    path: str
    template: CloudFormationTemplate
    text: bytes


@record
class Fragment:
    """A file that a template includes, as read."""

    path: str
    written: Expression
    text: bytes


class Templates(Protocol):
    """What nested stacks are read from: the only way to templates in other files, and to what these include."""

    def fragment(self, path: str) -> Fragment | None:
        """Return a file that is included; None where it is outside the workspace or cannot be read."""

    def at(self, path: str) -> StackFile | None:
        """Return a file (absolute, normalised); None where it is outside the workspace or is not one template."""


class NoTemplates:
    """A world without any other template."""

    def fragment(self, _path: str) -> Fragment | None:
        """Return no file."""
        return None

    def at(self, _path: str) -> StackFile | None:
        """Return no template."""
        return None


@record
class StackCall:
    """One call of a template.

    Attributes:
        name: the logical id of the nested stack.
        path: the file that holds it.
        span: the whole resource.
        header: the logical id.
        parameters: what is passed, by name; None where that cannot be read.

    """

    name: str
    path: str
    span: Span
    header: Span
    parameters: Mapping[str, Expression] | None

    @property
    def address(self) -> str:
        """What the addresses of all that stands in the called template continue with: ``Stack.``."""
        return f"{self.name}."

    @property
    def place(self) -> Place:
        """The logical id."""
        return Place(self.path, self.header)


def call_of(path: str, written: TemplateResource) -> StackCall:
    """Return the call that a resource of a type in ``SOURCES`` makes."""
    passed = fields(written.properties.get()).get("Parameters")
    parameters = fields(passed) if passed is None or _is_plain(passed) else None
    return StackCall(written.name, path, written.span, written.header, parameters)


def _is_plain(passed: Expression) -> bool:
    """Whether all that is passed is written out: no loops, no includes, nothing broken."""
    if not isinstance(passed, ObjectExpression) or not passed.complete:
        return False
    keys = (entry.key for entry in passed.entries)
    return all(isinstance(key, Literal) and not str(key.value).startswith("Fn::") for key in keys)


def source_of(written: TemplateResource) -> Expression | None:
    """Return what a resource of a type in ``SOURCES`` says of where its template is."""
    return fields(written.properties.get()).get(SOURCES[written.type])


def included_in(transform: Expression) -> str | None:
    """Return the file that a call of ``Fn::Transform`` includes, relative to the caller; None where it is no such."""
    parts = fields(transform)
    name, location = parts.get("Name"), fields(parts.get("Parameters")).get("Location")
    if not isinstance(name, Literal) or name.value != INCLUDE or not isinstance(location, Literal):
        return None
    return location.value if isinstance(location.value, str) and is_local(location.value) else None


def is_local(source: str) -> bool:
    """Whether a source is the path of a file relative to the caller: neither a URL nor an absolute path."""
    return bool(source) and not source.startswith("/") and _SCHEME.match(source) is None


def local_file(path: str, source: str) -> str:
    """Return the file that a local source means in a template at ``path``."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), source))
