-- The watermark, which lives on from now. That it is written shows that Redis takes writes.
-- KEYS: `rev`. ARGV: how long it lives.
local rev = text(KEYS[1])
if rev then redis.call('SET', KEYS[1], rev, 'PX', ARGV[1]) end
return {'done', rev or ''}
