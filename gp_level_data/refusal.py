"""One way to say no."""


class Refusal(Exception):
    """The run cannot go on, and the message is one clear sentence for the person who started it.

    A message names files, folders, rules and counts; never a value that was read from a file.
    """


def stopped(sentence: str) -> Refusal:
    """Why a run may not stand, and that its store is as it was."""
    return Refusal(f"{sentence.removesuffix('.')}; the previous results are untouched.")
