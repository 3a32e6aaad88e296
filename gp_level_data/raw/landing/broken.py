"""How a look at a file says that it breaks the contract."""


class Broken(Exception):
    """A rule of seeds/intake_rules.csv that a file breaks, and how, in words without any of its values.

    detail  half a sentence for the custodian's screen; it may name columns and counts
    """

    def __init__(self, rule: str, detail: str | None = None) -> None:
        super().__init__(rule)
        self.rule = rule
        self.detail = detail
