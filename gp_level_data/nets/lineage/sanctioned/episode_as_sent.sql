-- yields: episode
-- reason: the key of a hospital episode without the blanks around it
trim(episode.key)
