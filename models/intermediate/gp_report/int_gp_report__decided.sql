-- What of the GP report is suppressed, from the GPs' lists up: the lists of a practice against its
-- total, the practices of a CCG against its, the CCGs against England's. A total that gave way to
-- those beneath it is suppressed like a small one.

{{ decided_cells(
    ref('int_gp_report__room'),
    levels=['gp', 'practice', 'ccg', 'england']
) }}
