"""Ways to run the project for a test, each in one place; and what they are given.

project         what dbt compiles, of both runs
gateway_sql     the gateway's models in a plain DuckDB, with tables typed from the contracts; journal_sql,
                planning_sql, release_sql and disclosure_run the same of other subjects
engine_sql      macros alone, dispatched as dbt dispatches them
direct_build    whole stores without dbt, through the connections of the two runs
small_world     a small raw folder, and builds of it, one after the other
failing_project a gateway that fails in every way
unit_tests      dbt's unit tests, over the SQL as it is or over other SQL
syntax_mutants  what may go wrong with a model, made from its syntax tree
judges          who notices a mutant: unit tests, oracles, attackers
raw_folder      a raw folder as plain Python reads it
vouching        a signature for code that no net has read
"""
