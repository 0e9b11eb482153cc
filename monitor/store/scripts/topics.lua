-- Replace all topics in one step, unless this very file was imported last. A topic that is followed for the first time, or by another
-- rule than before, is followed since now: what was counted earlier says nothing about it. A topic that left is retired: its posts are
-- pruned until none is left.
-- KEYS topics meta since retired
-- ARGV hash of the file, then name, packed topic, hash of its rule for each
-- Returns the version in force.
if redis.call('HGET', KEYS[2], 'hash') ~= ARGV[1] then
  local clock = redis.call('TIME')
  local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
  local kept = {}
  for i = 2, #ARGV, 3 do kept[ARGV[i]] = true end
  local before = redis.call('HGETALL', KEYS[1])
  for i = 1, #before, 2 do
    if not kept[before[i]] then
      redis.call('HSET', KEYS[4], before[i], before[i + 1])
      redis.call('HDEL', KEYS[3], before[i])
    end
  end
  redis.call('DEL', KEYS[1])
  for i = 2, #ARGV, 3 do
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    redis.call('HDEL', KEYS[4], ARGV[i])
    local since = redis.call('HGET', KEYS[3], ARGV[i])
    if not since or since:match('^(%S+) ') ~= ARGV[i + 2] then
      redis.call('HSET', KEYS[3], ARGV[i], string.format('%s %.0f', ARGV[i + 2], now))
    end
  end
  redis.call('HSET', KEYS[2], 'hash', ARGV[1])
  redis.call('HINCRBY', KEYS[2], 'version', 1)
end
return tonumber(redis.call('HGET', KEYS[2], 'version'))
