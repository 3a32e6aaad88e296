-- Practice files of which more is unusable than is tolerated, one row a practice and part of the
-- file, with the rule that took most of it.

{{ mostly_unusable(ref('int_practices__parts_sent')) }}
