-- Forget messages that were kept for the local page before a time.
-- KEYS messages order
-- ARGV before (ms), most at once
-- Returns how many were forgotten.
local old = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
for _, id in ipairs(old) do
  redis.call('HDEL', KEYS[1], id)
  redis.call('ZREM', KEYS[2], id)
end
return #old
