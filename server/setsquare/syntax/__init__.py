"""The only place that knows tree-sitter: text to resources and expressions, symbolic changes to edits."""
