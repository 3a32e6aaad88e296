-- The counts of the assurance marts as they may be shown: 0, to the nearest 5, or not at all.

{{ cells_of_parts(ref('int_assurance__room'), ref('int_assurance__decided')) }}
