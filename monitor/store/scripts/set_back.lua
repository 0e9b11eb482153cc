-- The clock was set back. Let every job come now that was to come later, for each knows itself when it is due next; end leases that last
-- longer than any. A replay finds nothing later than now.
-- KEYS due due-since leases
-- ARGV longest lease (ms)
-- Returns how many jobs come now.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local later = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf')
for _, job in ipairs(later) do
  redis.call('ZADD', KEYS[1], now, job)
  redis.call('HDEL', KEYS[2], job)
end
local leases = redis.call('HGETALL', KEYS[3])
for i = 1, #leases, 2 do
  if tonumber(leases[i + 1]:match('^(%d+) ')) > now + ARGV[1] then redis.call('HDEL', KEYS[3], leases[i]) end
end
return #later
