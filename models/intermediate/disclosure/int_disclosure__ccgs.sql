-- Third pass: the CCGs, against England's total; above England is nothing, so the passes end here.

with {{ areas_above('ccg', ref('int_disclosure__practices'), 'england') }}

{{ withhold_further('cells') }}
