-- Puts a record there that was read from SQL when `rev` was what it is expected to be still. What
-- ended stays ended, and what is as far or further stays.
-- KEYS: the session, `rev`. ARGV: `rev` as expected, the record, its expiry.
if text(KEYS[2]) ~= ARGV[1] then return {'moved'} end
local found = text(KEYS[1])
if is_tombstone(found) then return {'kept'} end
if is_record(found) then
    local _, there = struct.unpack(MOVES, found, SEALED + 1)
    local _, here = struct.unpack(MOVES, ARGV[2], SEALED + 1)
    if there >= here then return {'kept'} end
end
redis.call('SET', KEYS[1], ARGV[2], 'PXAT', ARGV[3])
return {'done'}
