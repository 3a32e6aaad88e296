"""How a bench has the gateway open for code that no net has read: it signs for it, with the keys that it made.

Benches build projects with a leak in them to see that the nets catch it, and small worlds by the hundred: of made-up
people, under keys that go with their folder. Nobody else's keys are reached that way, as each key folder signs for
itself. test_proof.py asks the nets, and does not use this.
"""

from pathlib import Path

from gp_level_data.custody import proof


def vouch(project: Path, key_dir: Path) -> None:
    """Let the gateway open with these keys for a project as its files are now."""
    proof.write(key_dir, proof.digests(project), ["none: a bench vouches for it"])
