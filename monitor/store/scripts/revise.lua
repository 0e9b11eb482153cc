-- Replace the words of a message in the outbox, unless it is another one by now; give posts that it claims other names; and note that it
-- is to be edited where readers have it.
-- KEYS parcels corrections claims
-- ARGV message id, parcel before, parcel after, is it to be edited (0/1), then for each post with another name: before, after
-- Returns 1, or 0 when it is another one, or this one already.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
if ARGV[4] == '1' then
  local clock = redis.call('TIME')
  redis.call('ZADD', KEYS[2], clock[1] * 1000 + math.floor(clock[2] / 1000), ARGV[1])
end
for i = 5, #ARGV, 2 do
  if redis.call('HGET', KEYS[3], ARGV[i]) == ARGV[1] then
    redis.call('HDEL', KEYS[3], ARGV[i])
    redis.call('HSETNX', KEYS[3], ARGV[i + 1], ARGV[1])
  end
end
return 1
