"""The project's SQL outside dbt: compiled once, run in a plain DuckDB with tables typed from the contracts.

project         what dbt compiles, of both runs
unit_tests      dbt's unit tests, over the SQL as it is or over other SQL
syntax_mutants  what may go wrong with a model, made from its syntax tree
judges          who notices a mutant: unit tests, oracles, attackers
"""
