-- Replace the words of a message in the outbox, from exactly what the caller knew of it; give posts that it claims other names; and note
-- that it is to be edited where readers have it. A replay finds them replaced.
-- KEYS parcels corrections claims outbox
-- ARGV message id, parcel before, record before ('': none), parcel after, is it to be edited (0/1),
--      then for each post with another name: before, after
-- Returns 1, or 0 when somebody else was faster: other words were taken from it, or it was begun to be sent.
local parcel = redis.call('HGET', KEYS[1], ARGV[1])
if parcel == ARGV[4] then return 1 end
if parcel ~= ARGV[2] or (redis.call('HGET', KEYS[4], ARGV[1]) or '') ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
if ARGV[5] == '1' then
  local clock = redis.call('TIME')
  redis.call('ZADD', KEYS[2], clock[1] * 1000 + math.floor(clock[2] / 1000), ARGV[1])
end
for i = 6, #ARGV, 2 do
  if redis.call('HGET', KEYS[3], ARGV[i]) == ARGV[1] then
    redis.call('HDEL', KEYS[3], ARGV[i])
    redis.call('HSETNX', KEYS[3], ARGV[i + 1], ARGV[1])
  end
end
return 1
