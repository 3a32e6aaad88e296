{% test words_are_known(model, column_name, to, field) %}
-- Flags: words of a seed, separated by blanks, that are no rows of the seed which lists them; and one said twice.
-- Why:   a name with a slip finds nothing, and a rule that looks for nothing holds of nobody or of everybody.
-- Mend:  write each as the other seed has it, small letters and capitals told apart, or add its row there.
select count(*) as unknown_count
from (
    select said.words
    from (select distinct {{ column_name }} as words from {{ model }} where {{ column_name }} is not null) as said
    left join (select distinct {{ field }} as word from {{ to }}) as known
        on instr(' ' || said.words || ' ', ' ' || known.word || ' ') > 0
    group by said.words
    having count(known.word) <> length(said.words) - length(replace(said.words, ' ', '')) + 1
) as unknown
having count(*) > 0
{% endtest %}
