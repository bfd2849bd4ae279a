-- Stamps a late retry, to `model::rule::late_stamped`, unless something moved since it was judged.
-- KEYS: the session. ARGV: presented, late_at as it was judged.
local record = text(KEYS[1])
if not record then return {'missing'} end
if not is_record(record) then return {'moved'} end
local key, generation, _, rotated, budget, _, late, idle =
    struct.unpack(MOVES, record, SEALED + 1)
local presented, now = tonumber(ARGV[1]), clock()
if generation ~= presented + 1 or late ~= tonumber(ARGV[2]) then return {'moved'} end
local after = string.sub(record, 1, SEALED) .. struct.pack(MOVES,
    key, generation, presented, rotated, budget, now, now, idle)
local absolute = struct.unpack('>I6', record, 61)
redis.call('SET', KEYS[1], after, 'PXAT', absolute)
return {'done', after}
