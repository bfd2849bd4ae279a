-- Ends sessions as the change log says and moves `rev` behind the rows that say so, or does
-- neither: a failover cannot lose only one of them.
-- KEYS: `rev`, the sessions. ARGV: `rev` as expected (empty for none), `rev` then, how long it
-- lives; then for each session its tombstone and its expiry.
local rev = text(KEYS[1])
if (rev or '') ~= ARGV[1] then return {'moved', rev or ''} end
for at = 2, #KEYS do
    bury(KEYS[at], ARGV[2 * at], ARGV[2 * at + 1])
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return {'done'}
