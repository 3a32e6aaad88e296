-- The counts of releases as they may be shown: 0, to the nearest 5, or not at all.

{{ cells_of_parts(ref('int_releases__room'), ref('int_releases__decided')) }}
