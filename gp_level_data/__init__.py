"""The small Python beside dbt: what SQL cannot or must not do (keys, raw files, the two connections)."""
