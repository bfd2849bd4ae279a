-- Removes what is no record of ours, if it is there still; what moves may have moved since.
-- KEYS: the session. ARGV: the record as it was found.
local found = text(KEYS[1])
if found and not is_tombstone(found)
    and string.sub(found, 1, SEALED) == string.sub(ARGV[1], 1, SEALED) then
    redis.call('DEL', KEYS[1])
end
return {'done'}
