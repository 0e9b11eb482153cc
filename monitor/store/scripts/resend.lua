-- Hand parts of a digest over once more that were held or died, all or nothing, and claim their posts again. A post that another message
-- claimed meanwhile refuses them all.
-- KEYS outbox queue claims undelivered
-- ARGV for each part: message id, record before, record after, n, post × n
-- Returns 1, or 0 when a record is another one by now, or a post is another's.
local parts, i = {}, 1
while i <= #ARGV do
  local id, n = ARGV[i], tonumber(ARGV[i + 3])
  if redis.call('HGET', KEYS[1], id) ~= ARGV[i + 1] then return 0 end
  for p = i + 4, i + 3 + n do
    local owner = redis.call('HGET', KEYS[3], ARGV[p])
    if owner and owner ~= id then return 0 end
  end
  parts[#parts + 1] = i
  i = i + 4 + n
end

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')[2]
local place = math.max(now, last and last + 1 or 0)
for _, at in ipairs(parts) do
  local id = ARGV[at]
  redis.call('HSET', KEYS[1], id, ARGV[at + 2])
  redis.call('ZADD', KEYS[2], place, id)
  redis.call('ZREM', KEYS[4], id)
  for p = at + 4, at + 3 + tonumber(ARGV[at + 3]) do redis.call('HSETNX', KEYS[3], ARGV[p], id) end
  place = place + 1
end
return 1
