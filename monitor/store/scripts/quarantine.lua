-- Set items aside, each once; what is too old goes, and while there are too many, or too many bytes, the oldest others go and are
-- counted. What was named in this call stays, so that a replay finds all of it known.
-- KEYS quarantine order sizes
-- ARGV kept for (ms), most items, most bytes, then for each item: key, packed item, bytes
-- Returns how many are new.
local items, order, sizes = unpack(KEYS)
local most, most_bytes = tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local last = redis.call('ZRANGE', order, -1, -1, 'WITHSCORES')[2]
local place = math.max(now, last and last + 1 or 0)
local new, named = 0, {}

local function forget(key)
  redis.call('HDEL', items, key)
  redis.call('ZREM', order, key)
  redis.call('HINCRBY', sizes, 'bytes', 0 - (tonumber(redis.call('HGET', sizes, 'item ' .. key)) or 0))
  redis.call('HDEL', sizes, 'item ' .. key)
end

for i = 4, #ARGV, 3 do
  named[ARGV[i]] = true
  if redis.call('HSETNX', items, ARGV[i], ARGV[i + 1]) == 1 then
    new = new + 1
    redis.call('ZADD', order, place, ARGV[i])
    redis.call('HSET', sizes, 'item ' .. ARGV[i], ARGV[i + 2])
    redis.call('HINCRBY', sizes, 'bytes', ARGV[i + 2])
    place = place + 1
  end
end
if new == 0 then return 0 end

for _, key in ipairs(redis.call('ZRANGEBYSCORE', order, '-inf', now - ARGV[1])) do
  if not named[key] then forget(key) end
end
local function is_crowded()
  return redis.call('ZCARD', order) > most or tonumber(redis.call('HGET', sizes, 'bytes')) > most_bytes
end
-- Each new item makes room for itself, so no more can be in the way than this and those that were named.
while is_crowded() do
  local oldest
  for _, key in ipairs(redis.call('ZRANGE', order, 0, #ARGV / 3)) do
    if not named[key] then oldest = key break end
  end
  if not oldest then break end
  forget(oldest)
  redis.call('HINCRBY', sizes, 'crowded_out', 1)
end
return new
