-- Add mentions to a topic: posts, indexes, engagement. A no-op when replayed: a known post only takes newer engagement.
-- KEYS posts times backfilled engagement
-- ARGV oldest (ms), spacing of kept observations (ms), most observations kept, then for each mention:
--      key, time (ms), body, backfilled (0/1), observation: {observed (ms), likes, reposts, replies, views (-1: absent)}
--      as msgpack, '' for no reactions
-- Returns {new, known, refused}
local posts, times, backfilled, engagement = unpack(KEYS)
local oldest, spacing, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local FIRST, FIELDS = 4, 5
local new, known, refused = 0, 0, 0
-- Bodies to write, scores and members of the indexes: one command for all takes a third of the time of one each.
local written, timed, earlier = {}, {}, {}

-- Bodies by key: what is stored, false for nothing, and what is going to be.
local function stored_bodies()
  local keys, by_key = {}, {}
  for i = FIRST, #ARGV, FIELDS do keys[#keys + 1] = ARGV[i] end
  if #keys == 0 then return by_key end
  for n, body in ipairs(redis.call('HMGET', posts, unpack(keys))) do by_key[keys[n]] = body end
  return by_key
end

-- A withdrawn post keeps its place and nothing else: its body, an array, ends with true (store/codec.py, Body).
local function is_withdrawn(body)
  return string.byte(body, -1) == 0xC3
end

local function observe(key, entry)
  local packed = redis.call('HGET', engagement, key)
  local seen = packed and cmsgpack.unpack(packed) or {}
  local last = seen[#seen]
  if last and last[1] >= entry[1] then return end
  -- Keep the first one, the newest one, and between them one for each spacing.
  if #seen > 1 and last[1] - seen[#seen - 1][1] < spacing then seen[#seen] = entry else seen[#seen + 1] = entry end
  if #seen > most then table.remove(seen, 2) end
  redis.call('HSET', engagement, key, cmsgpack.pack(seen))
end

local bodies = stored_bodies()
for i = FIRST, #ARGV, FIELDS do
  local key, time = ARGV[i], tonumber(ARGV[i + 1])
  if time < oldest then
    refused = refused + 1
  else
    local body = bodies[key]
    if body then
      known = known + 1
    else
      new = new + 1
      bodies[key] = ARGV[i + 2]
      written[#written + 1], written[#written + 2] = key, ARGV[i + 2]
      timed[#timed + 1], timed[#timed + 2] = time, key
      if ARGV[i + 3] == '1' then earlier[#earlier + 1], earlier[#earlier + 2] = time, key end
    end
    if ARGV[i + 4] ~= '' and not (body and is_withdrawn(body)) then observe(key, cmsgpack.unpack(ARGV[i + 4])) end
  end
end
if #written > 0 then
  redis.call('HSET', posts, unpack(written))
  redis.call('ZADD', times, unpack(timed))
end
if #earlier > 0 then redis.call('ZADD', backfilled, unpack(earlier)) end
return {new, known, refused}
