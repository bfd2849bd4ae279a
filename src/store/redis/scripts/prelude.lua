-- What all scripts begin with. The layout of a record is in record.rs; the line above this one has
-- its numbers and the rule's.
local MOVES = '>BI4I4I6I6I6I6I6'

-- The string at a key; false where there is none, or something that we never put there.
local function text(key)
    local found = redis.pcall('GET', key)
    return type(found) == 'string' and found
end

local function is_tombstone(found)
    return found and string.byte(found) == 0
end

local function is_record(found)
    return found and #found == BYTES and string.byte(found) == 1
end

-- Milliseconds by the store's own clock.
local function clock()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- How long ago a moment was; nothing where it lies ahead.
local function age(now, moment)
    return math.max(0, now - moment)
end

-- Puts a tombstone there. The first reason stays; a number takes the place of none.
local function bury(key, tombstone, expiry)
    local found = text(key)
    if is_tombstone(found) then
        if string.sub(found, 3) ~= string.rep('\0', 8) then return end
        tombstone = string.sub(found, 1, 2) .. string.sub(tombstone, 3)
    end
    redis.call('SET', key, tombstone, 'PXAT', expiry)
end
