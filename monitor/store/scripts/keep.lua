-- Keep a message of a chat under its id, once, and only the newest ones.
-- KEYS messages order
-- ARGV id, packed message, at (ms), most kept
-- Returns 1, or 0 when it was kept before.
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
local extra = redis.call('ZCARD', KEYS[2]) - ARGV[4]
if extra > 0 then
  local popped = redis.call('ZPOPMIN', KEYS[2], extra)
  for i = 1, #popped, 2 do redis.call('HDEL', KEYS[1], popped[i]) end
end
return 1
