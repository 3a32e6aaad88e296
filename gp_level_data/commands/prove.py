"""`make prove`: let the nets read the code as it is, and keep that they held (nets/proving.py)."""

from types import SimpleNamespace as Namespace

from gp_level_data.custody import proof
from gp_level_data.nets import proving
from gp_level_data.runs.progress import Progress


def run(chosen: Namespace) -> int:
    """Prove the code, whether or not it was proved before."""
    key_dir = chosen.key_dir.resolve()
    with proving.one_at_a_time(), Progress().stage("nets that read"):
        made = proving.prove(key_dir)
    print(f"Proved: {len(made.digests)} files, by the nets {', '.join(made.nets)}; {key_dir / proof.FILE}.")
    return 0
