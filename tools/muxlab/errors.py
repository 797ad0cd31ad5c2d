"""The errors that a user can cause, and can do something about."""

from __future__ import annotations


class MuxlabError(Exception):
    """Something that a user can put right. The message is one line: it names the thing and the way out.

    What another program had to say about it (a compiler, a server) goes into `details`, and is shown above the line.
    """

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details = details
