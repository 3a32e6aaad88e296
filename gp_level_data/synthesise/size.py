"""How much to invent: the committed sample, or a share of England."""

import dataclasses

SAMPLE = "sample"


@dataclasses.dataclass(frozen=True)
class Size:
    """The numbers everything else is derived from. Episodes follow from patients: 0.32 each."""

    patients: int
    practices: int
    gps: int
    ccgs: int
    is_sample: bool = False

    @property
    def people(self) -> int:
        """Patients and those whom only hospitals know: numbers and ages are made for all."""
        return self.patients + self.patients // 50


ENGLAND = Size(patients=62_000_000, practices=6_300, gps=45_000, ccgs=209)
COMMITTED_SAMPLE = Size(patients=40_000, practices=24, gps=120, ccgs=4, is_sample=True)


def size_of(scale: float | str) -> Size:
    """The size for a scale: 'sample', or the share of England as a number above 0 up to 1."""
    if scale == SAMPLE:
        return COMMITTED_SAMPLE
    share = float(scale)
    if not 0 < share <= 1:
        raise ValueError("scale is 'sample' or a number above 0 and up to 1")
    return Size(
        patients=max(1_000, round(ENGLAND.patients * share)),
        practices=max(2, round(ENGLAND.practices * share)),
        gps=max(14, round(ENGLAND.gps * share)),
        ccgs=max(1, round(ENGLAND.ccgs * share)),
    )
