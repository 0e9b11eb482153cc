-- Make the given jobs the whole due list. Known jobs keep their due time; unknown ones go, with their lateness.
-- KEYS due due-since
-- ARGV job, delay (ms) for each
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local wanted = {}
for i = 1, #ARGV, 2 do
  wanted[ARGV[i]] = true
  redis.call('ZADD', KEYS[1], 'NX', now + ARGV[i + 1], ARGV[i])
end
for _, job in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if not wanted[job] then
    redis.call('ZREM', KEYS[1], job)
    redis.call('HDEL', KEYS[2], job)
  end
end
