"""The same models on a Spark cluster, where one machine is not enough (models/cluster.md).

daemons   a standalone cluster on loopback, started and stopped by the ids of its processes
adapter   dbt's Spark adapter, told what this project's contracts and databases are called there
handing_back  what was made, in the place of what a store of one machine holds
tables    tables between a DuckDB store and the cluster's folder of Parquet files, and their comparison
"""
