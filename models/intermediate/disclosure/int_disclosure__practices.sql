-- Second pass: the practices of a CCG, against the CCG's total. Practices whose total gave way to
-- their GPs are withheld like small ones.

with {{ areas_above('practice', ref('int_disclosure__gps'), 'ccg') }}

{{ withhold_further('cells') }}
