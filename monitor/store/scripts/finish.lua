-- End a job: what was learnt about its query, when it is due again, and the lease freed, all or nothing, and only for the holder of
-- the newest fence. A replay finds the lease gone and does nothing.
-- KEYS due due-since leases committed query
-- ARGV job, fence, due in (ms; -1: the job goes on and keeps its lease), outcome (done | read | filled | failed | held), then
--      read, filled (a gap: only what was covered counts): time to live of the query (ms), oldest coverage kept (ms ago), most segments, cursor, moved to ('' none),
--              start (ms), end (ms), truncated (0/1), unreadable, an item of the page is deadly (0/1),
--              why it is truncated, most gaps, tempo, posts that are new, most of it could not be read (0/1), most hours
--      failed, held: time to live of the query (ms), reason
-- Returns 1, or 0 when the lease was lost.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local lease = redis.call('HGET', KEYS[3], ARGV[1])
if not lease or lease:match('^%d+ (%d+) ') ~= ARGV[2] then return 0 end

local query, is_refill = KEYS[5], ARGV[4] == 'filled'
local goes_on = ARGV[3] == '-1'
-- What goes on keeps its lease, so here the look that begin.lua counted tells a replay, or a page that was done, from a new one.
if goes_on and (redis.call('HGET', query, 'attempt') or ''):match('^%d+') ~= ARGV[2] then return 1 end

-- Join windows that touch; a truncated one stays apart, so that its hole can be shown.
local function cover(from, to, truncated)
  local packed = redis.call('HGET', query, 'coverage')
  local windows = packed and cmsgpack.unpack(packed) or {}
  local last = windows[#windows]
  if last and last[3] == truncated and from <= last[2] and to >= last[1] then
    last[1], last[2] = math.min(last[1], from), math.max(last[2], to)
  else
    windows[#windows + 1] = {from, to, truncated}
  end
  while #windows > tonumber(ARGV[7]) or (#windows > 1 and windows[1][2] < now - ARGV[6]) do table.remove(windows, 1) end
  redis.call('HSET', query, 'coverage', cmsgpack.pack(windows))
end

-- Note what was skipped since the last look, and what was read in part; cut from what was noted earlier what is read whole now.
local function note_gaps(from, to, truncated)
  local packed = redis.call('HGET', query, 'coverage')
  local reached
  for _, window in ipairs(packed and cmsgpack.unpack(packed) or {}) do reached = math.max(reached or 0, window[2]) end
  packed = redis.call('HGET', query, 'gaps')
  local before, gaps = packed and cmsgpack.unpack(packed) or {}, {}
  local function keep(start, stop, why, tries, partial)
    if start < stop and stop >= now - ARGV[6] then gaps[#gaps + 1] = {start, stop, why, tries, partial} end
  end
  for _, gap in ipairs(before) do
    if (truncated == 1 and not is_refill) or to <= gap[1] or from >= gap[2] then
      keep(unpack(gap))
    else
      keep(gap[1], math.min(gap[2], from), gap[3], gap[4] + 1, gap[5])
      keep(math.max(gap[1], to), gap[2], gap[3], gap[4] + 1, gap[5])
    end
  end
  if reached and from > reached then keep(reached, from, redis.call('HGET', query, 'reason') or 'nobody looked', 0, 0) end
  -- What a refill could not read whole, no further one will.
  if truncated == 1 then keep(from, to, ARGV[15], is_refill and 3 or 1, 1) end
  while #gaps > tonumber(ARGV[16]) do table.remove(gaps, 1) end
  if #gaps > 0 then redis.call('HSET', query, 'gaps', cmsgpack.pack(gaps)) else redis.call('HDEL', query, 'gaps') end
end

-- Count by the hour what came, and note when something did.
local function note_came(fresh)
  local packed = redis.call('HGET', query, 'came')
  local hours = packed and cmsgpack.unpack(packed) or {}
  local hour, last = math.floor(now / 3600000), hours[#hours]
  if last and last[1] == hour then last[2] = last[2] + fresh else hours[#hours + 1] = {hour, fresh} end
  while #hours > tonumber(ARGV[20]) do table.remove(hours, 1) end
  redis.call('HSET', query, 'came', cmsgpack.pack(hours))
  if fresh > 0 then redis.call('HSET', query, 'came_at', now) end
end

if ARGV[4] == 'read' then
  if ARGV[8] ~= '' then redis.call('HSET', query, 'cursor', ARGV[8]) end
  if ARGV[9] ~= '' then redis.call('HSET', query, 'moved', ARGV[9]) end
  if ARGV[10] ~= '' then
    note_gaps(tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12]))
    cover(tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12]))
    redis.call('HSETNX', query, 'since', ARGV[10])
  end
  redis.call('HSET', query, 'unreadable', ARGV[13])
  redis.call('HSET', query, 'tempo', ARGV[17])
  note_came(tonumber(ARGV[18]))
  if ARGV[19] == '1' then
    redis.call('HINCRBY', query, 'garbled', 1)
    redis.call('HSETNX', query, 'garbled_at', now)
  else
    redis.call('HDEL', query, 'garbled', 'garbled_at')
  end
  if ARGV[14] == '1' then redis.call('HSET', query, 'wary', 1) else redis.call('HDEL', query, 'wary') end
  redis.call('HDEL', query, 'failures', 'failing_since', 'reason')
elseif ARGV[4] == 'filled' then
  note_gaps(tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12]))
  cover(tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12]))
elseif ARGV[4] == 'failed' then
  redis.call('HINCRBY', query, 'failures', 1)
  redis.call('HSETNX', query, 'failing_since', now)
  redis.call('HSET', query, 'reason', ARGV[6])
elseif ARGV[4] == 'held' then
  redis.call('HSETNX', query, 'reason', ARGV[6])
  redis.call('HSETNX', query, 'failing_since', now)
  redis.call('PEXPIRE', query, ARGV[5])
end
if ARGV[4] == 'read' or ARGV[4] == 'failed' then
  redis.call('HSET', query, 'tried', now)
  redis.call('HDEL', query, 'attempt')
  redis.call('PEXPIRE', query, ARGV[5])
end

-- A stream never ends, so it says nothing of whether jobs end.
if goes_on then return 1 end
redis.call('ZADD', KEYS[1], 'XX', now + ARGV[3], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('SET', KEYS[4], now)
return 1
