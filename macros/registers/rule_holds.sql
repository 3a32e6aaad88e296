{% macro rule_holds(rules, people, facts) -%}
{%- set window_start = months_from(people ~ '.reference_date', '-' ~ rules ~ '.look_back_months') -%}
case {{ rules }}.looks_for
    when 'otherwise' then true
    when 'never_recorded' then {{ facts }}.first_ever_on is null
    when 'recorded' then {{ facts }}.first_on is not null
    when 'followed_by' then {{ facts }}.other_last_on > {{ facts }}.last_on
    when 'latest_among'
        then coalesce({{ facts }}.last_on >= {{ facts }}.other_last_on, {{ facts }}.last_on is not null)
    when 'latest_not_among'
        then coalesce({{ facts }}.last_on < {{ facts }}.other_last_on, {{ facts }}.last_on is null)
    when 'latest_at_most' then {{ facts }}.last_value <= {{ rules }}.value_to
    when 'replaced_by'
        then {{ facts }}.first_on is null and {{ facts }}.other_last_on is not null
    when 'first_recorded' then {{ facts }}.first_ever_on > {{ window_start }}
    when 'registered' then {{ people }}.registered_on > {{ window_start }}
    when 'invited_in_vain'
        then
            {{ days_between(facts ~ '.first_on', facts ~ '.last_on') }} >= {{ rules }}.days_apart
            and (
                {{ facts }}.other_last_on is null
                or (
                    {{ facts }}.first_on > {{ facts }}.other_last_on
                    and {{ facts }}.other_last_value > {{ rules }}.value_to
                )
            )
    when 'age_outside' then not {{ people }}.is_of_age
end
{%- endmacro %}
