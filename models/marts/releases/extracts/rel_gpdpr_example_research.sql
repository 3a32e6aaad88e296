{{ release_extract('gpdpr_example_research') }}
