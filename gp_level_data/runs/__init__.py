"""The two dbt runs: what each may see, how one is undone, and what their errors may say."""
