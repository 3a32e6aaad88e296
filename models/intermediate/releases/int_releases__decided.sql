-- What of the counts of releases is suppressed: the parts against their total, in one pass.

{{ decided_cells(ref('int_releases__room'), levels=['part', 'total']) }}
