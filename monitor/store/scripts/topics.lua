-- Replace all topics in one step, unless this very file was imported last.
-- KEYS topics meta
-- ARGV hash of the file, then name, packed topic for each
-- Returns the version in force.
if redis.call('HGET', KEYS[2], 'hash') ~= ARGV[1] then
  redis.call('DEL', KEYS[1])
  for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
  redis.call('HSET', KEYS[2], 'hash', ARGV[1])
  redis.call('HINCRBY', KEYS[2], 'version', 1)
end
return tonumber(redis.call('HGET', KEYS[2], 'version'))
