"""`ndop request` and `ndop check`: asking the Check for National Data Opt-outs service, and its answer.

The National Data Opt-out is judged when data are disseminated, not when they were collected, and
continues after death: a release asks about everybody in it, shortly before. The file is sent and its
reply fetched by whoever has the MESH mailbox. Nothing here prints a number.
"""

from datetime import date
from types import SimpleNamespace as Namespace

from gp_level_data import project
from gp_level_data.raw import ndop_files
from gp_level_data.refusal import Refusal
from gp_level_data.runs.scratch_gateway import scratch_gateway

# Domain handbook, section 3.5.
WORKFLOW = "SPINE_NTT_UPHOLDING"
RECIPIENT = "X26HC036"

PEOPLE = """
    select lpad(cast(nhs_number as varchar), 10, '0')
    from gateway.int_ndop__people
    order by nhs_number
"""

CHECKS = """
    select subject, sent_date, is_latest, verdict, explanation, asked_count, permitted_count
    from assurance.counts.int_ndop__checks
    order by is_latest, sent_date, subject
"""

NOT_ASKED = """
    select count(*)
    from gateway.int_ndop__people as people
    where not exists (
        select 1
        from staging.stg_ndop__requests as requests
        where requests.subject = ? and requests.nhs_number = people.nhs_number
    )
"""


def request(chosen: Namespace) -> int:
    """Write the request, and say how to send it."""
    raw_dir, to = chosen.raw_dir.resolve(), chosen.to.resolve()
    if to.is_relative_to(raw_dir):
        raise Refusal(f"The raw folder is read only: name another one than {to}.")
    if to.is_relative_to(chosen.store_dir.resolve()):
        raise Refusal(f"The request names people, and is no part of the store: name another folder than {to}.")
    subject = ndop_files.subject_of(chosen.mailbox, chosen.date or date.today(), chosen.sequence)
    settings = project.read_settings(chosen.vars)
    with scratch_gateway(raw_dir, settings, chosen.vars, "int_ndop__people") as cursor:
        numbers = [number for (number,) in cursor.execute(PEOPLE).fetchall()]
    if not numbers:
        raise Refusal("The collection holds nobody: there is nobody to ask about.")
    path = ndop_files.write_request(raw_dir, to, subject, numbers)
    print(f"{path} asks about {people(len(numbers))}. It is identifiable: delete it after the release.")
    print(f"Send it through MESH to {RECIPIENT}, workflow {WORKFLOW}, subject {subject}.")
    for what, folder in ndop_files.FOLDERS.items():
        print(f"Put the {what} in {raw_dir / folder}{' under the same name' if what == 'reply' else ''}.")
    return 0


def check(chosen: Namespace) -> int:
    """Say what became of each exchange, the deciding one last; 1 where nobody is permitted."""
    settings = project.read_settings(chosen.vars)
    models = ("int_ndop__checks", "int_ndop__people")
    with scratch_gateway(chosen.raw_dir.resolve(), settings, chosen.vars, *models) as cursor:
        checks = cursor.execute(CHECKS).fetchall()
        subject, *_ = checks[-1]
        [(not_asked,)] = cursor.execute(NOT_ASKED, [subject]).fetchall()
    for row in checks:
        print(sentence(*row))
    for name in ndop_files.not_read(chosen.raw_dir):
        print(f"Not read: {name}.")
    *_, verdict, _, asked, permitted = checks[-1]
    if verdict != "stands":
        return 1
    print(
        f"Of {people(asked)} asked about, {permitted:,} are permitted and {asked - permitted:,} opted"
        f" out. {people(not_asked)} of the release were not asked about and are not permitted."
    )
    return 0


def sentence(
    subject: str | None, sent_date: date, is_latest: bool, verdict: str, explanation: str, asked: int, permitted: int
) -> str:
    """One exchange, as it is told."""
    if subject is None:
        return explanation
    decides = ", decides" if is_latest else ""
    return f"{subject} ({sent_date:%-d %B %Y}, {people(asked)} asked about{decides}): {explanation}"


def people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"
