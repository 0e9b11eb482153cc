-- Keep a one-time token until its time runs out, and forget those whose time has. What is kept is its hash, never itself.
-- KEYS tokens
-- ARGV hash, role, time to live (ms), most tokens
-- Returns 1, or 0 when there are too many already.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local kept = redis.call('HGETALL', KEYS[1])
for i = 1, #kept, 2 do
  if tonumber(kept[i + 1]:match('^%a+ (%d+)')) <= now then redis.call('HDEL', KEYS[1], kept[i]) end
end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 1 end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%s %.0f', ARGV[2], now + ARGV[3]))
return 1
