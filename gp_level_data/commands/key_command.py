"""`gpld keys`: make keys, tell them apart, destroy them. Custody: models/custody.md."""

from types import SimpleNamespace as Namespace

from gp_level_data import releases
from gp_level_data.custody import keys
from gp_level_data.refusal import Refusal

OUT_OF_REACH = """\
Overwritten once, and deleted. That does not reach what this command cannot see:
  backups, snapshots and copies of the key folder, on paper or elsewhere: destroy each of them;
  an SSD, or a file system that writes elsewhere than it read, which may keep the old block until it is
  reused: keep keys on an encrypted volume, and destroy that volume's key with it;
  a gateway run that is still going: it holds the key until it ends."""


def new(chosen: Namespace) -> int:
    """Make the keys of a collection, of the store's databases and of the collection's releases, where there are none."""
    if chosen.collection in keys.OF_DATABASES:
        raise Refusal(f"{chosen.collection} is the name of a database's key, not of a collection.")
    for name in releases.keys_of_build(chosen.collection):
        made = keys.new_key(chosen.key_dir, name)
        print(f"{keys.key_file(chosen.key_dir, name)}: {'made' if made else 'kept as it was'}")
    return 0


def show_fingerprint(chosen: Namespace) -> int:
    """One line a key, those destroyed and those that lie elsewhere too: its fingerprint and its name."""
    if not chosen.key_dir.is_dir():
        raise Refusal(f"There is no key folder {chosen.key_dir}.")
    fates = {}
    for entry in keys.register(chosen.key_dir):
        fates[entry.fingerprint, entry.name] = "destroyed" if entry.event == keys.DESTROYED else "not in this folder"
    for name in keys.names(chosen.key_dir):
        fates[keys.fingerprint(keys.read_key(chosen.key_dir, name)), name] = "in this folder"
    for (fingerprint, name), fate in fates.items():
        print(f"{fingerprint}  {name}  {fate}")
    return 0


def destroy(chosen: Namespace) -> int:
    """Destroy one key, and say what that does not reach."""
    destroyed = keys.destroy_key(chosen.key_dir, chosen.key)
    print(f"{keys.key_file(chosen.key_dir, chosen.key)}: destroyed, fingerprint {destroyed}")
    print(OUT_OF_REACH)
    return 0
