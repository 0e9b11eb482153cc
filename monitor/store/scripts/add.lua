-- Add mentions to a topic: posts, indexes, engagement. A no-op when replayed: a known post only takes newer engagement.
-- KEYS posts times backfilled engagement
-- ARGV oldest (ms), spacing of kept observations (ms), most observations kept, then for each mention:
--      key, time (ms), body, backfilled (0/1), observed (ms), likes, reposts, replies, views (-1: absent)
-- Returns {new, known, refused}
local posts, times, backfilled, engagement = unpack(KEYS)
local oldest, spacing, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local new, known, refused = 0, 0, 0
-- Scores and members of the indexes: one command for all takes a third of the time of one each.
local timed, earlier = {}, {}

-- A withdrawn post keeps its place and nothing else: its body, an array, ends with true (store/codec.py, Body).
local function is_withdrawn(key)
  local body = redis.call('HGET', posts, key)
  return body and string.byte(body, -1) == 0xC3
end

local function observe(key, at, likes, reposts, replies, views)
  if likes < 0 and reposts < 0 and replies < 0 and views < 0 then return end
  local packed = redis.call('HGET', engagement, key)
  local seen = packed and cmsgpack.unpack(packed) or {}
  local last = seen[#seen]
  if last and last[1] >= at then return end
  local entry = {at, likes, reposts, replies, views}
  -- Keep the first one, the newest one, and between them one for each spacing.
  if #seen > 1 and last[1] - seen[#seen - 1][1] < spacing then seen[#seen] = entry else seen[#seen + 1] = entry end
  if #seen > most then table.remove(seen, 2) end
  redis.call('HSET', engagement, key, cmsgpack.pack(seen))
end

local i = 4
while i <= #ARGV do
  local key, time = ARGV[i], tonumber(ARGV[i + 1])
  if time < oldest then
    refused = refused + 1
  else
    local is_new = redis.call('HSETNX', posts, key, ARGV[i + 2]) == 1
    if is_new then
      new = new + 1
      timed[#timed + 1], timed[#timed + 2] = time, key
      if ARGV[i + 3] == '1' then earlier[#earlier + 1], earlier[#earlier + 2] = time, key end
    else
      known = known + 1
    end
    if is_new or not is_withdrawn(key) then
      observe(key, tonumber(ARGV[i + 4]), tonumber(ARGV[i + 5]), tonumber(ARGV[i + 6]), tonumber(ARGV[i + 7]), tonumber(ARGV[i + 8]))
    end
  end
  i = i + 9
end
if #timed > 0 then redis.call('ZADD', times, unpack(timed)) end
if #earlier > 0 then redis.call('ZADD', backfilled, unpack(earlier)) end
return {new, known, refused}
