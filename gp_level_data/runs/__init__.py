"""The two dbt runs: what each may see and send, how one is undone, and what their errors may say."""
