{% macro release_refusal(request, rules, day) -%}
{%- set reasons = [] -%}

{%- if request.status not in ('active', 'closed') -%}
    {%- do reasons.append('it is neither active nor closed') -%}
{%- endif -%}

{%- set purpose = rules.release_purposes | selectattr('purpose_category', 'equalto', request.purpose_category) | first -%}
{%- set words = [request.purpose, request.purpose_category, request.organisation_type] | join(' ') | lower -%}
{%- if 'marketing' in words or 'insur' in words -%}
    {%- do reasons.append('its purpose is marketing or insurance') -%}
{%- elif not purpose or purpose.is_allowed != 'yes' -%}
    {%- do reasons.append('its purpose category is none that is allowed') -%}
{%- endif -%}

{%- set basis = rules.legal_bases | selectattr('legal_basis', 'equalto', request.legal_basis) | first -%}
{%- if not basis -%}
    {%- do reasons.append('it has no legal basis') -%}
{%- endif -%}

{%- if not (request.start_date and request.end_date) or request.start_date > request.end_date -%}
    {%- do reasons.append('it has no first and last day') -%}
{%- elif day > request.end_date -%}
    {%- do reasons.append('it expired on ' ~ request.end_date ~ ', close it') -%}
{%- endif -%}
{%- if not (request.period_start and request.period_end) or request.period_start > request.period_end -%}
    {%- do reasons.append('it has no period of data') -%}
{%- endif -%}

{%- set approvers = [request.approved_by, request.second_approval_by] | map('trim') | map('lower') | list -%}
{%- if '' in approvers or approvers | unique | list | length < 2 -%}
    {%- do reasons.append('it is not approved by two different people') -%}
{%- endif -%}

{%- set offered = [] -%}
{%- for row in rules.release_datasets
    if row.dataset in request.datasets.split() and request.collection in row.collections.split() -%}
    {%- do offered.append(row) -%}
{%- endfor -%}
{%- if not request.datasets.split()
    or offered | map(attribute='dataset') | unique | list | length < request.datasets.split() | length -%}
    {%- do reasons.append('it asks for a dataset that its collection does not have') -%}
{%- endif -%}

{%- set minimum = [] -%}
{%- for row in rules.purpose_minimum
    if row.purpose_category == request.purpose_category and row.dataset in request.datasets.split() -%}
    {%- do minimum.append(row.column_name) -%}
{%- endfor -%}
{%- set allowed = offered | map(attribute='column_name') | select('in', minimum) | list -%}
{%- set beyond = request.columns_asked.split() | reject('in', allowed) | list -%}
{%- if beyond or not request.columns_asked.split() -%}
    {%- do reasons.append('it asks for columns beyond the minimum of its purpose category: '
        ~ (beyond | join(', ') or 'none is named')) -%}
{%- endif -%}
{%- if request.identifiability != 'aggregate'
    and purpose and purpose.finest_step and request.first_step | int < purpose.finest_step | int -%}
    {%- do reasons.append('it asks for finer groups than its purpose category needs') -%}
{%- endif -%}

{%- if request.identifiability not in ('aggregate', 'pseudonymised', 'identifiable') -%}
    {%- do reasons.append('it does not say whether it is aggregate, pseudonymised or identifiable') -%}
{%- elif request.identifiability == 'identifiable' and (not basis or basis.allows_identifiable != 'yes') -%}
    {%- do reasons.append('its legal basis does not allow identifiable data') -%}
{%- elif request.identifiability == 'pseudonymised' and request.smallest_group | int < 2 -%}
    {%- do reasons.append('it is pseudonymised and does not say in how large a group nobody stands out') -%}
{%- endif -%}

{#- An aggregate release is of what the tables for planning publish: counted anew, two tables could be subtracted. -#}
{%- set tables = offered | selectattr('kind', 'in', ['dimension', 'breakdown', 'shown'])
    | map(attribute='dataset') | unique | list -%}
{%- if request.identifiability != 'aggregate' -%}
    {%- if tables -%}
        {%- do reasons.append('it asks for a table for planning and is not aggregate') -%}
    {%- endif -%}
{%- else -%}
    {%- set asked = request.columns_asked.split() -%}
    {%- set dimensions = offered | selectattr('kind', 'equalto', 'dimension') | map(attribute='column_name') -%}
    {%- set breakdown = offered | selectattr('kind', 'equalto', 'breakdown')
        | map(attribute='column_name') | list -%}
    {%- set missing = dimensions | reject('in', asked) | list -%}
    {%- if request.datasets not in tables -%}
        {%- do reasons.append('it is aggregate and asks for something else than one table for planning') -%}
    {%- elif missing -%}
        {%- do reasons.append('it leaves out what its table is counted by: ' ~ missing | join(', ')) -%}
    {%- elif breakdown | select('in', asked) | list | length not in [0, breakdown | length] -%}
        {%- do reasons.append('it asks for a part of a breakdown that is shown as a whole: '
            ~ breakdown | join(', ')) -%}
    {%- endif -%}
    {%- if request.cohort != 'everybody' -%}
        {%- do reasons.append('it is aggregate and asks for a cohort, and the tables for planning are about'
            ~ ' everybody') -%}
    {%- endif -%}
    {%- if request.smallest_group or request.first_step -%}
        {%- do reasons.append('it is aggregate and asks for groups, and the tables for planning have their own') -%}
    {%- endif -%}
    {%- if request.opt_outs_honoured == 'yes' -%}
        {%- do reasons.append('it is aggregate and honours opt-outs, and the tables for planning count everybody'
            ~ ' whom the collection holds') -%}
    {%- endif -%}
{%- endif -%}
{%- if request.identifiability == 'identifiable' and request.smallest_group != '1' -%}
    {%- do reasons.append('it is identifiable and speaks of groups, of which none is made') -%}
{%- endif -%}
{%- if request.identifiability in ('pseudonymised', 'identifiable') and request.is_sensitive != 'yes' -%}
    {%- do reasons.append('it is about people one by one and does not say that it is sensitive') -%}
{%- endif -%}
{%- set access = rules.access_methods | selectattr('access_method', 'equalto', request.access_method) | first -%}
{%- if not access or request.identifiability not in access.allowed_for.split() -%}
    {%- do reasons.append('its access method is none for what it asks for') -%}
{%- endif -%}

{%- set exemption = rules.release_exemptions | selectattr('exemption', 'equalto', request.exemption) | first -%}
{%- if request.opt_outs_honoured == 'yes' and not request.exemption -%}
{%- elif request.opt_outs_honoured != 'no' or not exemption -%}
    {%- do reasons.append('it neither honours opt-outs nor names the exemption it relies on') -%}
{%- elif (exemption.identifiability_needed or request.identifiability) != request.identifiability
    or (exemption.legal_basis_needed or request.legal_basis) != request.legal_basis -%}
    {%- do reasons.append('the exemption from opt-outs that it names is not for such a release') -%}
{%- endif -%}

{%- for other in rules.releases
    if other.release_id != request.release_id
    and other.recipient | trim | lower == request.recipient | trim | lower
    and other.period_start <= request.period_end and request.period_start <= other.period_end
    and other.opt_outs_honoured != request.opt_outs_honoured -%}
    {%- do reasons.append('its recipient has ' ~ other.release_id ~ ' with another policy on opt-outs for the same'
        ~ ' time, and the difference of the two would tell who objected') -%}
{%- endfor -%}

{{ reasons | join('; ') }}
{%- endmacro %}
