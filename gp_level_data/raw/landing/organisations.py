"""Organisations as the Organisation Reference Data interface gives them: JSON instead of the legacy CSV.

One document an organisation, as `ORD/2-0-0/organisations/<code>` answers; a file holds a list of them,
one of them a line, a single one, or an object whose only list they are. The answer to a search, which
names organisations without their roles and relations, is refused. Source: the interface's own pages,
digital.nhs.uk, Organisation Data Service APIs, ORD.
"""

import json
from pathlib import Path
from typing import Any

from gp_level_data.raw.landing.broken import Broken
from gp_level_data.raw.landing.contract import ODS_COLUMNS

COMMISSIONED_BY = "RE4"
GP_PRACTICE = "RO76"
Document = dict[str, Any]


def read(path: Path) -> list[dict[str, str]]:
    """The organisations of a bundle in the layout of the legacy file, one a role as prescribing setting."""
    text = path.read_bytes().decode("utf-8-sig")
    try:
        found = json.loads(text)
    except RecursionError:
        raise Broken("unreadable_file", UNKNOWN_SHAPE) from None
    except ValueError:
        try:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            raise Broken("unreadable_file", "it is no JSON") from None
    try:
        return [as_legacy(document) for document in documents(found)]
    except (KeyError, TypeError, AttributeError, IndexError):
        raise Broken("unreadable_file", UNKNOWN_SHAPE) from None


UNKNOWN_SHAPE = "its JSON is no list of organisations as the ORD interface gives each one, with Status, Roles and Rels"


def documents(found: object) -> list[Document]:
    """The organisations in whatever holds them."""
    if isinstance(found, dict) and "Organisation" not in found:
        lists = [value for value in found.values() if isinstance(value, list)]
        found = lists[0] if len(lists) == 1 else None
    listed = found if isinstance(found, list) else [found]
    inside = [entry.get("Organisation", entry) for entry in listed]
    if any(isinstance(entry["OrgId"], str) for entry in inside):
        raise Broken("unreadable_file", "its JSON is the answer to a search, which has neither roles nor relations")
    return inside


def as_legacy(document: Document) -> dict[str, str]:
    """An organisation as a row of epraccur; what the interface does not say stays empty."""
    opened, closed = days(document)
    address = document.get("GeoLoc", {}).get("Location", {})
    parent = parent_of(document)
    joined, left = days(parent)
    roles = document["Roles"]["Role"]
    others = [role for role in roles if str(role.get("primaryRole")).lower() != "true"]
    # Of several, the one that makes a GP practice decides.
    setting: Document = min(others, key=lambda role: (is_over(role), role["id"] != GP_PRACTICE), default={})
    row = dict.fromkeys(ODS_COLUMNS, "") | {
        "ORGANISATION_CODE": document["OrgId"]["extension"],
        "NAME": document["Name"],
        "POSTCODE": address.get("PostCode"),
        "OPEN_DATE": opened,
        "CLOSE_DATE": closed,
        "STATUS_CODE": document["Status"],
        "PARENT_ORGANISATION_CODE": parent.get("Target", {}).get("OrgId", {}).get("extension"),
        "JOIN_PARENT_DATE": joined,
        "LEFT_PARENT_DATE": left,
        # A role that has ended says nothing about today.
        "PRESCRIBING_SETTING": setting.get("id") if not is_over(setting) else None,
    }
    return {name: written(value) for name, value in row.items()}


def written(value: object) -> str:
    """A value as text; half a character, which JSON can say and no encoding, is one that nobody can read."""
    return str(value or "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def parent_of(document: Document) -> Document:
    """The relation to who commissions it: the one in force, else the last one."""
    relations = [relation for relation in document.get("Rels", {}).get("Rel", []) if relation["id"] == COMMISSIONED_BY]
    return max(relations, key=lambda relation: (not is_over(relation), days(relation)[0]), default={})


def is_over(part: Document) -> bool:
    return str(part.get("Status", "")).upper() != "ACTIVE"


def days(part: Document) -> tuple[str, str]:
    """First and last day in operation, as given: year-month-day."""
    dates = part.get("Date", [])
    operational = [date for date in dates if date.get("Type") == "Operational"] or dates
    last = operational[-1] if operational else {}
    return last.get("Start") or "", last.get("End") or ""
