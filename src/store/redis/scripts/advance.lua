-- Moves a family on where `model::rule::judge` says Rotate or Heal, to `rotated`.
-- KEYS: the session, `rev`.
-- ARGV: presented, client, reuse interval, idle lifetime, active key, heal allowed, seen.
local rev = text(KEYS[2])
local applied = rev and tonumber(string.match(rev, '^(%d+):'))
if not applied or applied < tonumber(ARGV[7]) then return {'stale'} end
local record = text(KEYS[1])
if not record then return {'missing', rev} end
if is_tombstone(record) then return {'ended', string.byte(record, 2) or 0} end
local now = clock()
if not is_record(record) then return {'record', 0, now, record} end

local presented, interval = tonumber(ARGV[1]), tonumber(ARGV[3])
local absolute = struct.unpack('>I6', record, 61)
local _, generation, burst_from, rotated, budget, burst, late, idle =
    struct.unpack(MOVES, record, SEALED + 1)
local owed = math.max(0, budget - math.max(now, rotated))

local moves = now < absolute
    and string.sub(record, 35, 50) == ARGV[2]
    and presented < LAST
    and owed <= ALLOWED
if presented == generation then
    moves = moves and now < idle
else
    local reach = REACH + math.floor(age(now, rotated) / EARNED)
    moves = moves and ARGV[6] == '1'
        and presented > generation and presented - generation <= reach
end
if not moves then return {'record', 0, now, record} end

if age(now, burst) > interval or age(burst, now) > interval then
    burst_from, burst = generation, now
end
local after = string.sub(record, 1, SEALED) .. struct.pack(MOVES,
    tonumber(ARGV[5]), presented + 1, burst_from, now, now + owed + EARNED, burst, late,
    math.min(now + tonumber(ARGV[4]), absolute))
redis.call('SET', KEYS[1], after, 'PXAT', absolute)
return {'record', 1, now, record}
