-- yields: word
-- reason: whether a spreadsheet has spoilt the key of an episode, by its shape alone: one word, and
-- null for every other key
case
    when regexp_full_match(trim(episode.key), '[0-9]+([.,][0-9]*)?[Ee][+-]?[0-9]{1,3}')
        then 'episode_key_in_exponent'
end
