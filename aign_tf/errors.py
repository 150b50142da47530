"""The one exception that users are meant to read."""


class UserError(Exception):
    """Input from a person that cannot be used.

    The message is one line that says what was wrong, where, and what would be right. The commands
    in `tools/` print it without a traceback and exit with code 2.
    """
