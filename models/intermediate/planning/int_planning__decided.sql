-- What of the tables for planning is suppressed, from the practices up; and of the age bands of
-- each CCG against its total.

{{ decided_cells(
    ref('int_planning__room'),
    levels=['practice', 'ccg', 'england'],
    breakdown={'level': 'band', 'of': 'ccg'}
) }}
