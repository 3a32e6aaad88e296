-- Each count with its room: how far it can go up and down without anything published changing,
-- shown (the counts that round to the same) and withheld (anything from 1). A withheld count needs
-- the room of all small numbers, or of as many others, from the counts around it.

with {{ room_to_move(ref('int_disclosure__limits')) }}
