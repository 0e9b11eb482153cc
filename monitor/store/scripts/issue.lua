-- Keep a one-time token until its time runs out, and forget those whose time has. A token that waits is left as it is, and so are the
-- others when it is asked for again. What is kept is its hash, never itself.
-- KEYS tokens
-- ARGV hash, role, time to live (ms), most tokens
-- Returns 1, or 0 when there are too many already.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local function till(record) return tonumber(record:match('^%a+ (%d+)')) end
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known and till(known) > now then return 1 end
local kept = redis.call('HGETALL', KEYS[1])
for i = 1, #kept, 2 do
  if till(kept[i + 1]) <= now then redis.call('HDEL', KEYS[1], kept[i]) end
end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%s %.0f', ARGV[2], now + ARGV[3]))
return 1
