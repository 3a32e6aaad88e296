{#- Written from the seeds by `gpld releases`, not by hand. -#}
{% macro release_rules() -%}
{{ return({
    "releases": [
        {
            "release_id": "gpdpr_example_planning",
            "status": "active",
            "collection": "gpdpr",
            "recipient": "EXAMPLE commissioner (invented)",
            "organisation_type": "commissioner",
            "purpose": "Where to open clinics for people with diabetes",
            "purpose_category": "planning",
            "legal_basis": "hsca_2012_section_261",
            "datasets": "prevalence",
            "columns_asked": "register area_level area_code age_band sex numerator_text denominator_text percent",
            "cohort": "everybody",
            "period_start": "2016-04-01",
            "period_end": "2017-03-31",
            "identifiability": "aggregate",
            "smallest_group": "",
            "first_step": "",
            "opt_outs_honoured": "no",
            "exemption": "anonymised",
            "is_sensitive": "no",
            "access_method": "published file",
            "start_date": "2017-04-01",
            "end_date": "2027-03-31",
            "sublicensing": "no",
            "approved_by": "Example Caldicott guardian",
            "second_approval_by": "Example data custodian"
        },
        {
            "release_id": "gpdpr_example_research",
            "status": "active",
            "collection": "gpdpr",
            "recipient": "EXAMPLE university (invented)",
            "organisation_type": "university",
            "purpose": "How ethnicity and area relate to who is registered where",
            "purpose_category": "research",
            "legal_basis": "hsca_2012_section_261",
            "datasets": "people",
            "columns_asked": "age_band sex ethnicity area_code",
            "cohort": "everybody",
            "period_start": "2016-04-01",
            "period_end": "2017-03-31",
            "identifiability": "pseudonymised",
            "smallest_group": "8",
            "first_step": "1",
            "opt_outs_honoured": "yes",
            "exemption": "",
            "is_sensitive": "yes",
            "access_method": "secure research environment",
            "start_date": "2017-04-01",
            "end_date": "2027-03-31",
            "sublicensing": "no",
            "approved_by": "Example Caldicott guardian",
            "second_approval_by": "Example data custodian"
        },
        {
            "release_id": "gpdpr_example_journals",
            "status": "active",
            "collection": "gpdpr",
            "recipient": "EXAMPLE institute (invented)",
            "organisation_type": "research institute",
            "purpose": "Which test results lead to a change of treatment",
            "purpose_category": "research",
            "legal_basis": "hsca_2012_section_261",
            "datasets": "people records",
            "columns_asked": "age_band sex category code recorded_month value_1",
            "cohort": "adults",
            "period_start": "2016-04-01",
            "period_end": "2017-03-31",
            "identifiability": "pseudonymised",
            "smallest_group": "8",
            "first_step": "2",
            "opt_outs_honoured": "yes",
            "exemption": "",
            "is_sensitive": "yes",
            "access_method": "secure research environment",
            "start_date": "2017-04-01",
            "end_date": "2027-03-31",
            "sublicensing": "no",
            "approved_by": "Example Caldicott guardian",
            "second_approval_by": "Example data custodian"
        },
        {
            "release_id": "care_data_example_admissions",
            "status": "active",
            "collection": "care_data",
            "recipient": "EXAMPLE hospital network (invented)",
            "organisation_type": "NHS trust",
            "purpose": "Which emergency admissions follow a short illness",
            "purpose_category": "research",
            "legal_basis": "hsca_2012_section_261",
            "datasets": "people hospital",
            "columns_asked": "age_band sex area_code admission_month admission_method primary_diagnosis",
            "cohort": "everybody",
            "period_start": "2016-04-01",
            "period_end": "2017-03-31",
            "identifiability": "pseudonymised",
            "smallest_group": "8",
            "first_step": "1",
            "opt_outs_honoured": "yes",
            "exemption": "",
            "is_sensitive": "yes",
            "access_method": "secure research environment",
            "start_date": "2017-04-01",
            "end_date": "2027-03-31",
            "sublicensing": "no",
            "approved_by": "Example Caldicott guardian",
            "second_approval_by": "Example data custodian"
        },
        {
            "release_id": "care_data_example_linked",
            "status": "active",
            "collection": "care_data",
            "recipient": "EXAMPLE research centre (invented)",
            "organisation_type": "research institute",
            "purpose": "How illness at home leads to the hospital and to care afterwards",
            "purpose_category": "research",
            "legal_basis": "hsca_2012_section_261",
            "datasets": "people records hospital social_care",
            "columns_asked": "age_band sex category code recorded_month admission_month admission_method primary_diagnosis service started_month",
            "cohort": "adults",
            "period_start": "2016-04-01",
            "period_end": "2017-03-31",
            "identifiability": "pseudonymised",
            "smallest_group": "8",
            "first_step": "2",
            "opt_outs_honoured": "yes",
            "exemption": "",
            "is_sensitive": "yes",
            "access_method": "secure research environment",
            "start_date": "2017-04-01",
            "end_date": "2027-03-31",
            "sublicensing": "no",
            "approved_by": "Example Caldicott guardian",
            "second_approval_by": "Example data custodian"
        },
        {
            "release_id": "care_data_example_identifiable",
            "status": "active",
            "collection": "care_data",
            "recipient": "EXAMPLE disease register (invented)",
            "organisation_type": "disease register",
            "purpose": "Which people with a rare illness of the lung are admitted and when",
            "purpose_category": "research",
            "legal_basis": "copi_2002_regulation_5",
            "datasets": "people hospital",
            "columns_asked": "age_band sex ethnicity area_code admission_month admission_method primary_diagnosis",
            "cohort": "everybody",
            "period_start": "2016-04-01",
            "period_end": "2017-03-31",
            "identifiability": "identifiable",
            "smallest_group": "1",
            "first_step": "1",
            "opt_outs_honoured": "yes",
            "exemption": "",
            "is_sensitive": "yes",
            "access_method": "secure research environment",
            "start_date": "2017-04-01",
            "end_date": "2027-03-31",
            "sublicensing": "no",
            "approved_by": "Example Caldicott guardian",
            "second_approval_by": "Example data custodian"
        }
    ],
    "release_purposes": [
        {
            "purpose_category": "planning",
            "title": "Planning of health and care services",
            "is_allowed": "yes",
            "finest_step": "2"
        },
        {
            "purpose_category": "research",
            "title": "Health research",
            "is_allowed": "yes",
            "finest_step": "1"
        },
        {
            "purpose_category": "marketing",
            "title": "Marketing",
            "is_allowed": "no",
            "finest_step": ""
        },
        {
            "purpose_category": "insurance",
            "title": "Insurance",
            "is_allowed": "no",
            "finest_step": ""
        }
    ],
    "purpose_minimum": [
        {
            "purpose_category": "planning",
            "dataset": "people",
            "column_name": "age_band"
        },
        {
            "purpose_category": "planning",
            "dataset": "people",
            "column_name": "sex"
        },
        {
            "purpose_category": "planning",
            "dataset": "people",
            "column_name": "area_code"
        },
        {
            "purpose_category": "planning",
            "dataset": "records",
            "column_name": "category"
        },
        {
            "purpose_category": "planning",
            "dataset": "records",
            "column_name": "recorded_month"
        },
        {
            "purpose_category": "planning",
            "dataset": "hospital",
            "column_name": "admission_month"
        },
        {
            "purpose_category": "planning",
            "dataset": "hospital",
            "column_name": "admission_method"
        },
        {
            "purpose_category": "planning",
            "dataset": "hospital",
            "column_name": "primary_diagnosis"
        },
        {
            "purpose_category": "planning",
            "dataset": "social_care",
            "column_name": "service"
        },
        {
            "purpose_category": "planning",
            "dataset": "social_care",
            "column_name": "started_month"
        },
        {
            "purpose_category": "research",
            "dataset": "people",
            "column_name": "age_band"
        },
        {
            "purpose_category": "research",
            "dataset": "people",
            "column_name": "sex"
        },
        {
            "purpose_category": "research",
            "dataset": "people",
            "column_name": "ethnicity"
        },
        {
            "purpose_category": "research",
            "dataset": "people",
            "column_name": "area_code"
        },
        {
            "purpose_category": "research",
            "dataset": "records",
            "column_name": "category"
        },
        {
            "purpose_category": "research",
            "dataset": "records",
            "column_name": "code"
        },
        {
            "purpose_category": "research",
            "dataset": "records",
            "column_name": "recorded_month"
        },
        {
            "purpose_category": "research",
            "dataset": "records",
            "column_name": "value_1"
        },
        {
            "purpose_category": "research",
            "dataset": "records",
            "column_name": "value_2"
        },
        {
            "purpose_category": "research",
            "dataset": "records",
            "column_name": "staff_role"
        },
        {
            "purpose_category": "research",
            "dataset": "hospital",
            "column_name": "admission_month"
        },
        {
            "purpose_category": "research",
            "dataset": "hospital",
            "column_name": "admission_method"
        },
        {
            "purpose_category": "research",
            "dataset": "hospital",
            "column_name": "primary_diagnosis"
        },
        {
            "purpose_category": "research",
            "dataset": "social_care",
            "column_name": "service"
        },
        {
            "purpose_category": "research",
            "dataset": "social_care",
            "column_name": "started_month"
        },
        {
            "purpose_category": "planning",
            "dataset": "prevalence",
            "column_name": "register"
        },
        {
            "purpose_category": "planning",
            "dataset": "prevalence",
            "column_name": "area_level"
        },
        {
            "purpose_category": "planning",
            "dataset": "prevalence",
            "column_name": "area_code"
        },
        {
            "purpose_category": "planning",
            "dataset": "prevalence",
            "column_name": "age_band"
        },
        {
            "purpose_category": "planning",
            "dataset": "prevalence",
            "column_name": "sex"
        },
        {
            "purpose_category": "planning",
            "dataset": "prevalence",
            "column_name": "numerator_text"
        },
        {
            "purpose_category": "planning",
            "dataset": "prevalence",
            "column_name": "denominator_text"
        },
        {
            "purpose_category": "planning",
            "dataset": "prevalence",
            "column_name": "percent"
        },
        {
            "purpose_category": "planning",
            "dataset": "prevalence",
            "column_name": "suppression_reason"
        },
        {
            "purpose_category": "planning",
            "dataset": "register_targets",
            "column_name": "register"
        },
        {
            "purpose_category": "planning",
            "dataset": "register_targets",
            "column_name": "target"
        },
        {
            "purpose_category": "planning",
            "dataset": "register_targets",
            "column_name": "area_level"
        },
        {
            "purpose_category": "planning",
            "dataset": "register_targets",
            "column_name": "area_code"
        },
        {
            "purpose_category": "planning",
            "dataset": "register_targets",
            "column_name": "numerator_text"
        },
        {
            "purpose_category": "planning",
            "dataset": "register_targets",
            "column_name": "denominator_text"
        },
        {
            "purpose_category": "planning",
            "dataset": "register_targets",
            "column_name": "percent"
        },
        {
            "purpose_category": "planning",
            "dataset": "register_targets",
            "column_name": "lower_95_ci"
        },
        {
            "purpose_category": "planning",
            "dataset": "register_targets",
            "column_name": "upper_95_ci"
        },
        {
            "purpose_category": "planning",
            "dataset": "register_targets",
            "column_name": "suppression_reason"
        },
        {
            "purpose_category": "planning",
            "dataset": "activity",
            "column_name": "category"
        },
        {
            "purpose_category": "planning",
            "dataset": "activity",
            "column_name": "month"
        },
        {
            "purpose_category": "planning",
            "dataset": "activity",
            "column_name": "area_level"
        },
        {
            "purpose_category": "planning",
            "dataset": "activity",
            "column_name": "area_code"
        },
        {
            "purpose_category": "planning",
            "dataset": "activity",
            "column_name": "patient_text"
        },
        {
            "purpose_category": "planning",
            "dataset": "activity",
            "column_name": "suppression_reason"
        },
        {
            "purpose_category": "planning",
            "dataset": "coverage",
            "column_name": "area_level"
        },
        {
            "purpose_category": "planning",
            "dataset": "coverage",
            "column_name": "area_code"
        },
        {
            "purpose_category": "planning",
            "dataset": "coverage",
            "column_name": "practice_count"
        },
        {
            "purpose_category": "planning",
            "dataset": "coverage",
            "column_name": "patient_text"
        },
        {
            "purpose_category": "planning",
            "dataset": "coverage",
            "column_name": "suppression_reason"
        },
        {
            "purpose_category": "planning",
            "dataset": "coverage",
            "column_name": "categories_received"
        }
    ],
    "legal_bases": [
        {
            "legal_basis": "hsca_2012_section_261",
            "title": "Health and Social Care Act 2012, section 261: dissemination of information",
            "allows_identifiable": "no"
        },
        {
            "legal_basis": "copi_2002_regulation_5",
            "title": "Health Service (Control of Patient Information) Regulations 2002, regulation 5 (section 251 support)",
            "allows_identifiable": "yes"
        },
        {
            "legal_basis": "explicit_consent",
            "title": "Explicit consent of each person",
            "allows_identifiable": "yes"
        },
        {
            "legal_basis": "mandatory_legal_requirement",
            "title": "A mandatory legal requirement",
            "allows_identifiable": "yes"
        }
    ],
    "release_exemptions": [
        {
            "exemption": "anonymised",
            "title": "Anonymised in line with the ICO's code: aggregate counts after disclosure control",
            "identifiability_needed": "aggregate",
            "legal_basis_needed": ""
        },
        {
            "exemption": "explicit_consent",
            "title": "Explicit consent of each person",
            "identifiability_needed": "",
            "legal_basis_needed": "explicit_consent"
        },
        {
            "exemption": "mandatory_legal_requirement",
            "title": "A mandatory legal requirement",
            "identifiability_needed": "",
            "legal_basis_needed": "mandatory_legal_requirement"
        }
    ],
    "release_datasets": [
        {
            "dataset": "people",
            "collections": "gpdpr care_data",
            "column_name": "age_band",
            "data_type": "varchar",
            "kind": "quasi_identifier",
            "description": "Age in years at collection, by year of birth, in bands; or unknown"
        },
        {
            "dataset": "people",
            "collections": "gpdpr care_data",
            "column_name": "sex",
            "data_type": "varchar",
            "kind": "quasi_identifier",
            "description": "1 male, 2 female, 9 not specified, 0 not known, unknown; any where it is generalised away"
        },
        {
            "dataset": "people",
            "collections": "gpdpr care_data",
            "column_name": "ethnicity",
            "data_type": "varchar",
            "kind": "quasi_identifier",
            "description": "Ethnic category as the practices record it, or unknown; any where it is generalised away"
        },
        {
            "dataset": "people",
            "collections": "gpdpr care_data",
            "column_name": "area_code",
            "data_type": "varchar",
            "kind": "quasi_identifier",
            "description": "Lower layer super output area, CCG of the practice or ENGLAND, whichever a large enough group needs; or unknown"
        },
        {
            "dataset": "people",
            "collections": "gpdpr",
            "column_name": "sexual_orientation",
            "data_type": "varchar",
            "kind": "attribute",
            "description": "Sexual orientation as the practices record it"
        },
        {
            "dataset": "records",
            "collections": "gpdpr care_data",
            "column_name": "category",
            "data_type": "varchar",
            "kind": "attribute",
            "description": "Category of the coded record"
        },
        {
            "dataset": "records",
            "collections": "gpdpr care_data",
            "column_name": "code",
            "data_type": "varchar",
            "kind": "attribute",
            "description": "SNOMED CT code, one of the seed journal_codes"
        },
        {
            "dataset": "records",
            "collections": "gpdpr care_data",
            "column_name": "recorded_month",
            "data_type": "date",
            "kind": "quasi_identifier",
            "description": "First day of the month that the record is about, or of the quarter or year where too few share it; null where the whole period is all that is told"
        },
        {
            "dataset": "records",
            "collections": "gpdpr care_data",
            "column_name": "value_1",
            "data_type": "double",
            "kind": "attribute",
            "description": "First value of the record"
        },
        {
            "dataset": "records",
            "collections": "gpdpr care_data",
            "column_name": "value_2",
            "data_type": "double",
            "kind": "attribute",
            "description": "Second value of the record"
        },
        {
            "dataset": "records",
            "collections": "gpdpr",
            "column_name": "staff_role",
            "data_type": "varchar",
            "kind": "attribute",
            "description": "Role of the member of staff"
        },
        {
            "dataset": "hospital",
            "collections": "care_data",
            "column_name": "admission_month",
            "data_type": "date",
            "kind": "quasi_identifier",
            "description": "First day of the month of admission, or of the quarter or year where too few share it; null where the whole period is all that is told"
        },
        {
            "dataset": "hospital",
            "collections": "care_data",
            "column_name": "admission_method",
            "data_type": "varchar",
            "kind": "quasi_identifier",
            "description": "HES admission method, or its kind where too few share it (elective, emergency, maternity, other); any where that is generalised away"
        },
        {
            "dataset": "hospital",
            "collections": "care_data",
            "column_name": "primary_diagnosis",
            "data_type": "varchar",
            "kind": "attribute",
            "description": "ICD-10 code of the primary diagnosis"
        },
        {
            "dataset": "social_care",
            "collections": "care_data",
            "column_name": "service",
            "data_type": "varchar",
            "kind": "attribute",
            "description": "Service of social care"
        },
        {
            "dataset": "social_care",
            "collections": "care_data",
            "column_name": "started_month",
            "data_type": "date",
            "kind": "quasi_identifier",
            "description": "First day of the month in which the service began, or of the quarter or year where too few share it; null where the whole period is all that is told"
        },
        {
            "dataset": "prevalence",
            "collections": "gpdpr",
            "column_name": "register",
            "data_type": "varchar",
            "kind": "dimension",
            "description": "Register, as in the seed registers"
        },
        {
            "dataset": "prevalence",
            "collections": "gpdpr",
            "column_name": "area_level",
            "data_type": "varchar",
            "kind": "dimension",
            "description": "Kind of area: practice, ccg or england"
        },
        {
            "dataset": "prevalence",
            "collections": "gpdpr",
            "column_name": "area_code",
            "data_type": "varchar",
            "kind": "dimension",
            "description": "ODS code of the practice or CCG, or ENGLAND"
        },
        {
            "dataset": "prevalence",
            "collections": "gpdpr",
            "column_name": "age_band",
            "data_type": "varchar",
            "kind": "breakdown",
            "description": "Age band, as in the seed age_bands; all, or not_known"
        },
        {
            "dataset": "prevalence",
            "collections": "gpdpr",
            "column_name": "sex",
            "data_type": "varchar",
            "kind": "breakdown",
            "description": "male, female, all or not_known"
        },
        {
            "dataset": "prevalence",
            "collections": "gpdpr",
            "column_name": "numerator_text",
            "data_type": "varchar",
            "kind": "shown",
            "description": "Patients counted of them: 0, to the nearest 5, or * where withheld"
        },
        {
            "dataset": "prevalence",
            "collections": "gpdpr",
            "column_name": "denominator_text",
            "data_type": "varchar",
            "kind": "shown",
            "description": "Patients whom they are of: 0, to the nearest 5, or * where withheld"
        },
        {
            "dataset": "prevalence",
            "collections": "gpdpr",
            "column_name": "percent",
            "data_type": "double",
            "kind": "shown",
            "description": "Numerator per 100 of the denominator, as exact as the tables for planning tell it"
        },
        {
            "dataset": "prevalence",
            "collections": "gpdpr",
            "column_name": "suppression_reason",
            "data_type": "varchar",
            "kind": "shown",
            "description": "Why a count is withheld: small_numbers or changed_by_few"
        },
        {
            "dataset": "register_targets",
            "collections": "gpdpr",
            "column_name": "register",
            "data_type": "varchar",
            "kind": "dimension",
            "description": "Register, as in the seed registers"
        },
        {
            "dataset": "register_targets",
            "collections": "gpdpr",
            "column_name": "target",
            "data_type": "varchar",
            "kind": "dimension",
            "description": "Target of the register, as in the seed register_targets"
        },
        {
            "dataset": "register_targets",
            "collections": "gpdpr",
            "column_name": "area_level",
            "data_type": "varchar",
            "kind": "dimension",
            "description": "Kind of area: practice, ccg or england"
        },
        {
            "dataset": "register_targets",
            "collections": "gpdpr",
            "column_name": "area_code",
            "data_type": "varchar",
            "kind": "dimension",
            "description": "ODS code of the practice or CCG, or ENGLAND"
        },
        {
            "dataset": "register_targets",
            "collections": "gpdpr",
            "column_name": "numerator_text",
            "data_type": "varchar",
            "kind": "shown",
            "description": "Patients counted of them: 0, to the nearest 5, or * where withheld"
        },
        {
            "dataset": "register_targets",
            "collections": "gpdpr",
            "column_name": "denominator_text",
            "data_type": "varchar",
            "kind": "shown",
            "description": "Patients whom they are of: 0, to the nearest 5, or * where withheld"
        },
        {
            "dataset": "register_targets",
            "collections": "gpdpr",
            "column_name": "percent",
            "data_type": "double",
            "kind": "shown",
            "description": "Numerator per 100 of the denominator, as exact as the tables for planning tell it"
        },
        {
            "dataset": "register_targets",
            "collections": "gpdpr",
            "column_name": "lower_95_ci",
            "data_type": "double",
            "kind": "shown",
            "description": "Lower limit of Wilson's 95 percent interval, as exact as the tables for planning tell it"
        },
        {
            "dataset": "register_targets",
            "collections": "gpdpr",
            "column_name": "upper_95_ci",
            "data_type": "double",
            "kind": "shown",
            "description": "Upper limit of the interval"
        },
        {
            "dataset": "register_targets",
            "collections": "gpdpr",
            "column_name": "suppression_reason",
            "data_type": "varchar",
            "kind": "shown",
            "description": "Why a count is withheld: small_numbers or changed_by_few"
        },
        {
            "dataset": "activity",
            "collections": "gpdpr care_data",
            "column_name": "category",
            "data_type": "varchar",
            "kind": "dimension",
            "description": "Category of record, as in the seed journal_categories"
        },
        {
            "dataset": "activity",
            "collections": "gpdpr care_data",
            "column_name": "month",
            "data_type": "date",
            "kind": "dimension",
            "description": "First day of the month"
        },
        {
            "dataset": "activity",
            "collections": "gpdpr care_data",
            "column_name": "area_level",
            "data_type": "varchar",
            "kind": "dimension",
            "description": "Kind of area: practice, ccg or england"
        },
        {
            "dataset": "activity",
            "collections": "gpdpr care_data",
            "column_name": "area_code",
            "data_type": "varchar",
            "kind": "dimension",
            "description": "ODS code of the practice or CCG, or ENGLAND"
        },
        {
            "dataset": "activity",
            "collections": "gpdpr care_data",
            "column_name": "patient_text",
            "data_type": "varchar",
            "kind": "shown",
            "description": "Patients: 0, to the nearest 5, or * where withheld"
        },
        {
            "dataset": "activity",
            "collections": "gpdpr care_data",
            "column_name": "suppression_reason",
            "data_type": "varchar",
            "kind": "shown",
            "description": "Why a count is withheld: small_numbers or changed_by_few"
        },
        {
            "dataset": "coverage",
            "collections": "gpdpr care_data",
            "column_name": "area_level",
            "data_type": "varchar",
            "kind": "dimension",
            "description": "Kind of area: practice, ccg or england"
        },
        {
            "dataset": "coverage",
            "collections": "gpdpr care_data",
            "column_name": "area_code",
            "data_type": "varchar",
            "kind": "dimension",
            "description": "ODS code of the practice or CCG, or ENGLAND"
        },
        {
            "dataset": "coverage",
            "collections": "gpdpr care_data",
            "column_name": "practice_count",
            "data_type": "bigint",
            "kind": "shown",
            "description": "Practices with journals"
        },
        {
            "dataset": "coverage",
            "collections": "gpdpr care_data",
            "column_name": "patient_text",
            "data_type": "varchar",
            "kind": "shown",
            "description": "Patients: 0, to the nearest 5, or * where withheld"
        },
        {
            "dataset": "coverage",
            "collections": "gpdpr care_data",
            "column_name": "suppression_reason",
            "data_type": "varchar",
            "kind": "shown",
            "description": "Why a count is withheld: small_numbers or changed_by_few"
        },
        {
            "dataset": "coverage",
            "collections": "gpdpr care_data",
            "column_name": "categories_received",
            "data_type": "varchar",
            "kind": "shown",
            "description": "Categories of which somebody has a record in the period"
        }
    ],
    "generalisation_steps": [
        {
            "step": "1",
            "age_band_years": "5",
            "area_level": "lsoa",
            "has_ethnicity": "true",
            "has_sex": "true"
        },
        {
            "step": "2",
            "age_band_years": "10",
            "area_level": "lsoa",
            "has_ethnicity": "true",
            "has_sex": "true"
        },
        {
            "step": "3",
            "age_band_years": "10",
            "area_level": "ccg",
            "has_ethnicity": "true",
            "has_sex": "true"
        },
        {
            "step": "4",
            "age_band_years": "20",
            "area_level": "ccg",
            "has_ethnicity": "true",
            "has_sex": "true"
        },
        {
            "step": "5",
            "age_band_years": "20",
            "area_level": "england",
            "has_ethnicity": "false",
            "has_sex": "true"
        },
        {
            "step": "6",
            "age_band_years": "100",
            "area_level": "england",
            "has_ethnicity": "false",
            "has_sex": "false"
        }
    ],
    "event_steps": [
        {
            "step": "1",
            "told": "year"
        },
        {
            "step": "2",
            "told": "quarter"
        },
        {
            "step": "3",
            "told": "month"
        },
        {
            "step": "4",
            "told": "kind"
        },
        {
            "step": "5",
            "told": "method"
        }
    ],
    "access_methods": [
        {
            "access_method": "published file",
            "title": "A file that anybody may read",
            "allowed_for": "aggregate"
        },
        {
            "access_method": "secure research environment",
            "title": "A place where approved people work with the data and take out nothing but checked results",
            "allowed_for": "aggregate pseudonymised identifiable"
        }
    ]
}) }}
{%- endmacro %}
