"""What an editor says when a change cannot be made safely."""


class EditError(Exception):
    """A change that cannot be turned into edits without risk.

    Attributes:
        reason: why not, as one sentence part that a person can read.

    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
