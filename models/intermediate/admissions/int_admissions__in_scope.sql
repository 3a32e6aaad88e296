-- Unit:      an emergency admission of a permitted patient that passes the definition's filters
-- Period:    admission date within the collection's period (cut at the gateway)
-- Filters:   the seed emergency_filters; a field without a row is not looked at
-- Source:    CCG OIS 2.6, filters 2 to 10 (domain handbook, section 2.1); IIF AC-02 (section 2.4)

with filters as (

    {{ definition_filters() }}

)

select
    admissions.patient_key,
    admissions.admission_date,
    admissions.primary_diagnosis,
    admissions.diagnoses,
    admissions.procedures
from {{ ref('int_admissions__emergency') }} as admissions
cross join filters
where {{ dropped_by('admissions') }} is null
order by 1, 2, 3, 4, 5
