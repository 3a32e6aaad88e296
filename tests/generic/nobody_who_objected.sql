{% test nobody_who_objected(model, gates=none, keys=['patient_key']) %}
{{ config(tags=['privacy' if gates or target.name == 'gateway' else 'privacy_of_the_gateway']) }}
-- Flags: somebody in a table of people whose objection the collection upholds. At the gate, in the run that knows
--        who objects, by the pseudonyms of the objectors; beyond it, in either run, whoever is in none of its `gates`.
-- Why:   who objected has no row anywhere; and who did not come through the gate may have objected.
-- Mend:  exclude_opted_out before the pseudonym is made; beyond the gate, join people to a table that has passed it.
select count(*) as objector_row_count
from {{ model }} as people
where
    {%- if gates %}
    {%- for gate in gates %}
    {{ 'and ' if not loop.first }}not exists (
        select 1
        from {{ gate }} as permitted
        where
            {%- for key in keys %}
            {{ 'and ' if not loop.first }}permitted.{{ key }} = people.{{ key }}
            {%- endfor %}
    )
    {%- endfor %}
    {%- else %}
    exists (
        select 1
        from (
            {{ pseudonyms_of_objectors() }}
        ) as objectors
        where objectors.patient_key = people.patient_key
    )
    {%- endif %}
having count(*) > 0
{% endtest %}
