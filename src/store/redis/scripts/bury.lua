-- Ends sessions. Of one that is over already the first reason stays; a number takes the place of
-- none.
-- KEYS: the sessions. ARGV: for each its tombstone and its expiry.
for at, key in ipairs(KEYS) do
    bury(key, ARGV[2 * at - 1], ARGV[2 * at])
end
return {'done'}
