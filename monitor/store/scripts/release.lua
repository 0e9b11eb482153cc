-- Let items out of quarantine: the named ones, and all that were set aside before a time.
-- KEYS quarantine order sizes
-- ARGV before (ms; 0: none by age), key × n
-- Returns how many there were.
local items, order, sizes = unpack(KEYS)
local gone = 0

local function forget(key)
  if redis.call('HDEL', items, key) == 0 then return end
  gone = gone + 1
  redis.call('ZREM', order, key)
  redis.call('HINCRBY', sizes, 'bytes', 0 - (tonumber(redis.call('HGET', sizes, 'item ' .. key)) or 0))
  redis.call('HDEL', sizes, 'item ' .. key)
end

for i = 2, #ARGV do forget(ARGV[i]) end
for _, key in ipairs(redis.call('ZRANGEBYSCORE', order, '-inf', '(' .. ARGV[1])) do forget(key) end
return gone
