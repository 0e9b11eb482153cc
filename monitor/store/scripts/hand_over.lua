-- Take the parts of a digest into a chat's outbox and claim their posts, all or nothing. A digest of which a part is known was taken
-- before: nothing happens. A post that another digest claimed refuses them all.
-- KEYS outbox parcels queue handed claims
-- ARGV for each part: message id, record, parcel, n, post × n
-- Returns the posts that refuse it.
local outbox, parcels, queue, handed, claims = unpack(KEYS)
local refused, i = {}, 1
while i <= #ARGV do
  if redis.call('HEXISTS', outbox, ARGV[i]) == 1 then return {} end
  for p = i + 4, i + 3 + ARGV[i + 3] do
    if redis.call('HEXISTS', claims, ARGV[p]) == 1 then refused[#refused + 1] = ARGV[p] end
  end
  i = i + 4 + ARGV[i + 3]
end
if #refused > 0 then return refused end

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local last = redis.call('ZRANGE', queue, -1, -1, 'WITHSCORES')[2]
local place = math.max(now, last and last + 1 or 0)
i = 1
while i <= #ARGV do
  redis.call('HSET', outbox, ARGV[i], ARGV[i + 1])
  redis.call('HSET', parcels, ARGV[i], ARGV[i + 2])
  redis.call('ZADD', queue, place, ARGV[i])
  redis.call('ZADD', handed, now, ARGV[i])
  for p = i + 4, i + 3 + ARGV[i + 3] do redis.call('HSETNX', claims, ARGV[p], ARGV[i]) end
  place = place + 1
  i = i + 4 + ARGV[i + 3]
end
return refused
