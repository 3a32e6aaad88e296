-- How many people of a release that was handed out object now, by kind of objection. The one model
-- that makes pseudonyms of objectors: nothing of them is kept but how many there are.

with objectors as (

    select
        opt_out_kind,
        {{ pseudonymise('nhs_number') }} as patient_key
    from {{ ref('int_releases__objectors') }}

)

select
    members.release_id,
    members.disseminated_on,
    objectors.opt_out_kind,
    count(distinct members.patient_key) as person_count
from {{ source('released', 'members') }} as members
inner join {{ ref('releases') }} as releases on members.release_id = releases.release_id
inner join objectors on members.patient_key = objectors.patient_key
where
    -- what a release did not have to honour, it need not be recalled for
    objectors.opt_out_kind = 'type_1' or releases.opt_outs_honoured = 'yes'
group by members.release_id, members.disseminated_on, objectors.opt_out_kind
order by members.release_id, members.disseminated_on, objectors.opt_out_kind
