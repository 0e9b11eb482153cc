-- Free the leases of jobs whose holders are dead, and let the jobs come at once. A lease that is another's by now stays. Hints that the
-- dead had taken are lost with them, and nobody knows which: every job comes at once that was taken and that nobody works on.
-- KEYS leases due due-since
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
for _, job in ipairs(freed > 0 and redis.call('HKEYS', KEYS[3]) or {}) do
  if redis.call('HEXISTS', KEYS[1], job) == 0 then redis.call('ZADD', KEYS[2], 'XX', 'LT', now, job) end
end
return freed
