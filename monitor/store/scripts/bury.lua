-- Free the leases of jobs whose holders are dead, and let the jobs come at once. A lease that is another's by now stays.
-- KEYS leases due
-- ARGV job, fence for each
-- Returns how many were freed.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local freed = 0
for i = 1, #ARGV, 2 do
  local lease = redis.call('HGET', KEYS[1], ARGV[i])
  if lease and lease:match('^%d+ (%d+) ') == ARGV[i + 1] then
    redis.call('HDEL', KEYS[1], ARGV[i])
    redis.call('ZADD', KEYS[2], 'XX', 'LT', now, ARGV[i])
    freed = freed + 1
  end
end
return freed
