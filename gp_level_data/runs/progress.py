"""What a long command says while it works: one line a stage, with how far it is and how long it still takes.

In a terminal the line of the stage that runs moves; elsewhere, as in continuous integration, a stage prints
its line when it has ended.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

# Of a stage's steps, from which on its own pace says more than that of the last time.
PACE_FROM = 0.1


@dataclass
class Stage:
    """A stage of a command.

    title     what it does
    expected  seconds that it took the last time, if it is known
    weights   seconds that each step took the last time; steps that are not known weigh as much as the mean
    total     number of steps, known once it has begun with them
    at_work   the step that began last
    """

    title: str
    expected: float | None = None
    weights: dict[str, float] = field(default_factory=dict)
    total: int = 0
    done: set[str] = field(default_factory=set)
    at_work: str = ""
    notes: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    steps_began: float | None = None

    def has_steps(self, total: int) -> None:
        """The steps begin: from here on, the pace is theirs."""
        if self.steps_began is None:
            self.steps_began = time.monotonic()
        self.total = max(total, self.total)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    @property
    def share_done(self) -> float:
        """The share of its work that is done, 0 to 1."""
        if not self.total:
            return 0.0
        mean = sum(self.weights.values()) / len(self.weights) if self.weights else 1.0
        known = sum(self.weights.get(step, mean) for step in self.done)
        all_of_it = known + sum(weight for step, weight in self.weights.items() if step not in self.done)
        all_of_it += mean * max(0, self.total - len(self.done | self.weights.keys()))
        return min(1.0, known / all_of_it) if all_of_it else len(self.done) / self.total

    def seconds_left(self) -> float | None:
        """An estimate, by its own pace once that shows, before by the last time's; None where neither is known."""
        share = self.share_done
        if self.steps_began is not None and share >= PACE_FROM:
            return (time.monotonic() - self.steps_began) * (1 - share) / share
        return max(0.0, self.expected - self.seconds) if self.expected else None

    def line(self) -> str:
        """What is said of it when it has ended."""
        steps = f"{len(self.done):,} steps" if self.done else ""
        notes = f"  {', '.join(self.notes)}" if self.notes else ""
        return f"{self.title:<58}{steps:>13}{in_time(self.seconds):>12}{notes}"


class Progress:
    """The stages of one command."""

    def __init__(self, is_terminal: bool | None = None) -> None:
        self.is_terminal = sys.stdout.isatty() if is_terminal is None else is_terminal

    @contextmanager
    def stage(self, title: str, expected: float | None = None) -> Iterator[Stage]:
        """Work on a stage; its line stays, also when it fails."""
        stage = Stage(title, expected)
        try:
            if self.is_terminal:
                with moving(stage):
                    yield stage
            else:
                yield stage
        except BaseException:
            stage.notes.append("stopped")
            raise
        finally:
            print(stage.line(), flush=True)


@contextmanager
def moving(stage: Stage) -> Iterator[None]:
    """The line of a stage as it moves; it is gone afterwards."""
    from rich.live import Live
    from rich.text import Text

    def line() -> Text:
        left = stage.seconds_left()
        told = (
            f"{len(stage.done):,} of {stage.total:,}" if stage.total else "",
            in_time(stage.seconds),
            f"about {in_time(left)} left" if left is not None else "",
            stage.at_work,
        )
        return Text("  ".join(filter(None, (stage.title, *told))), no_wrap=True, overflow="ellipsis")

    with Live(get_renderable=line, refresh_per_second=4, transient=True):
        yield


def in_time(seconds: float) -> str:
    """Seconds as people say them."""
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60:02} s" if whole >= 60 else f"{whole} s"
