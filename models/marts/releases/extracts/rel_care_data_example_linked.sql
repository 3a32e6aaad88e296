{{ release_extract('care_data_example_linked') }}
