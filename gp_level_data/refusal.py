"""One way to say no."""


class Refusal(Exception):
    """The run cannot go on, and the message is one clear sentence for the person who started it.

    A message names files, folders, rules and counts; never a value that was read from a file.
    """
