{% test no_small_number(model, excepted={}, added_up=none) %}
{{ config(tags=['privacy']) }}
-- Flags: a published number that disclosure control would have withheld or rounded: an integer, or a text that is
--        one, which is neither 0 nor beyond the small numbers and a multiple of the rounding (int_disclosure__rules);
--        a percentage or rate that is told more finely than the row's shown counts leave open, unless the row says that
--        it is exact, or that they do not leave open at all; one beside a withheld count; a fraction without counts; a
--        list or structure, which may hold any of them.
-- Why:   a small number tells of somebody, and so does the difference between an exact number and a rounded one.
-- Mend:  read the cells of a publication (int_gp_report__cells), or use shown_counts. What is no
--        number of people is `excepted`, with the reason. `added_up` says which rows are sums of shown rows, whose
--        values follow from the ranges of those.
select count(*) as cell_count
from (
    {{ small_numbers_found(model, excepted, added_up) }}
) as small_numbers
having count(*) > 0
{% endtest %}
