-- Every count for planning as it may be shown, or the reason why not, and the lowest and the
-- highest that it is told to be, as int_gp_report__cells.

{{ told_cells(
    ref('int_planning__room'),
    ref('int_planning__decided'),
    levels=['practice', 'ccg', 'england'],
    breakdown={'level': 'band', 'of': 'ccg'}
) }}
order by area_level, area_code, metric_id
