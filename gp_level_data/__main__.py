"""Command line: `python -m gp_level_data <command>`."""

import argparse
import sys

from gp_level_data import (
    backup,
    build,
    certificate,
    check,
    contract_page,
    contract_page,
    destroy,
    evidence,
    key_command,
    ndop,
    preview,
    release,
    releases,
    report_back,
    status,
    synthesise,
)
from gp_level_data.nets.lineage import command as lineage
from gp_level_data.refusal import Refusal


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it was done, 1 when it was refused."""
    parser = argparse.ArgumentParser(prog="python -m gp_level_data")
    commands = parser.add_subparsers(required=True, metavar="command")

    command = commands.add_parser("synthesise", help="write a raw folder of synthetic patients")
    synthesise.add_arguments(command)
    command.set_defaults(run=synthesise.run)

    command = commands.add_parser("keys", help="make, tell apart and destroy the keys of a collection")
    key_command.add_arguments(command)

    command = commands.add_parser("build", help="both runs, the docs site, and a look at the results")
    build.add_arguments(command)
    command.set_defaults(run=build.run)

    command = commands.add_parser("check", help="what a build would say of a raw folder; nothing is stored")
    check.add_arguments(command)
    command.set_defaults(run=check.run)

    command = commands.add_parser("contract", help="what each raw file holds, and how it may be written")
    contract_page.add_arguments(command)
    command.set_defaults(run=contract_page.run)

    command = commands.add_parser("preview", help="what would leave a practice; nothing is stored")
    preview.add_arguments(command)
    command.set_defaults(run=preview.run)

    command = commands.add_parser("ndop", help="the exchange on National Data Opt-outs")
    ndop.add_arguments(command)

    command = commands.add_parser("releases", help="write what dbt needs of the seeds of releases")
    command.set_defaults(run=releases.run)

    command = commands.add_parser("release", help="hand out one release")
    release.add_arguments(command)
    command.set_defaults(run=release.run)

    command = commands.add_parser("register", help="write the public register of releases as CSV")
    release.add_register_arguments(command)
    command.set_defaults(run=release.write_register)

    command = commands.add_parser("lineage", help="prove that no stored column depends on an identifier")
    command.set_defaults(run=lineage.run)

    command = commands.add_parser("report-back", help="one folder a practice, and the record of it")
    report_back.add_arguments(command)
    command.set_defaults(run=report_back.run)

    command = commands.add_parser("destroy", help="destroy what is personal, prove it, certify it")
    destroy.add_arguments(command)
    command.set_defaults(run=destroy.run)

    command = commands.add_parser("certificate", help="whether what was certified still holds")
    certificate.add_arguments(command)

    command = commands.add_parser("evidence", help="what a reviewer needs to believe a run")
    evidence.add_arguments(command)

    command = commands.add_parser("backup", help="copy results and ledger; nothing personal")
    backup.add_backup_arguments(command)
    command.set_defaults(run=backup.back_up)

    command = commands.add_parser("restore", help="put a backup in the place of results that are lost")
    backup.add_restore_arguments(command)
    command.set_defaults(run=backup.restore)

    command = commands.add_parser("status", help="days that personal data may still be kept")
    status.add_arguments(command)
    command.set_defaults(run=status.run)

    chosen = parser.parse_args(arguments)
    try:
        return chosen.run(chosen)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped: what was there before stays or is put back by the next command.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
