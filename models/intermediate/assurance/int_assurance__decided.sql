-- What of the assurance marts is suppressed: the parts against their total, in one pass.

{{ decided_cells(
    ref('int_assurance__room'),
    levels=['part', 'total'],
    is_total_published="room.metric_id <> 'exclusions'"
) }}
