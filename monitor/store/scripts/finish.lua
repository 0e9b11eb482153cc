-- End a job: what was learnt about its query, when it is due again, and the lease freed, all or nothing, and only for the holder of
-- the newest fence. A replay finds the lease gone and does nothing.
-- KEYS due due-since leases committed query
-- ARGV job, fence, due in (ms; -1: the job goes on and keeps its lease), outcome (done | read | filled | failed | held), then
--      read, filled (a gap: only what was covered counts): time to live of the query (ms), oldest coverage kept (ms ago), most segments, cursor, moved to ('' none),
--              start (ms), end (ms), truncated (0/1), unreadable, an item of the page is deadly (0/1),
--              why it is truncated, most gaps, tempo, posts that are new, most of it could not be read (0/1), most hours
--      failed, held: time to live of the query (ms), reason
-- Returns 1, or 0 when the lease was lost.
local due, due_since, leases, committed, query = unpack(KEYS)
local job, fence, due_in, outcome, time_to_live = unpack(ARGV)
local oldest, most_windows, cursor, moved_to, start, stop, truncated = unpack(ARGV, 6, 12)
local unreadable, is_deadly, why_truncated, most_gaps, tempo, fresh, is_garbled, most_hours = unpack(ARGV, 13)
local reason = ARGV[6]
local goes_on, is_refill = due_in == '-1', outcome == 'filled'

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local lease = redis.call('HGET', leases, job)
if not lease or lease:match('^%d+ (%d+) ') ~= fence then return 0 end

-- What goes on keeps its lease, so here the look that begin.lua counted tells a replay, or a page that was done, from a new one.
if goes_on and (redis.call('HGET', query, 'attempt') or ''):match('^%d+') ~= fence then return 1 end

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
  while #windows > tonumber(most_windows) or (#windows > 1 and windows[1][2] < now - oldest) do table.remove(windows, 1) end
  redis.call('HSET', query, 'coverage', cmsgpack.pack(windows))
end

-- Note what was skipped since the last look, and what was read in part; cut from what was noted earlier what is read whole now.
local function note_gaps(from, to, truncated)
  local packed = redis.call('HGET', query, 'coverage')
  local reached
  for _, window in ipairs(packed and cmsgpack.unpack(packed) or {}) do reached = math.max(reached or 0, window[2]) end
  packed = redis.call('HGET', query, 'gaps')
  local before, gaps = packed and cmsgpack.unpack(packed) or {}, {}
  local function keep(from, to, why, tries, partial)
    if from < to and to >= now - oldest then gaps[#gaps + 1] = {from, to, why, tries, partial} end
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
  if truncated == 1 then keep(from, to, why_truncated, is_refill and 3 or 1, 1) end
  while #gaps > tonumber(most_gaps) do table.remove(gaps, 1) end
  if #gaps > 0 then redis.call('HSET', query, 'gaps', cmsgpack.pack(gaps)) else redis.call('HDEL', query, 'gaps') end
end

-- Count by the hour what came, and note when something did.
local function note_came(count)
  local packed = redis.call('HGET', query, 'came')
  local hours = packed and cmsgpack.unpack(packed) or {}
  local hour, last = math.floor(now / 3600000), hours[#hours]
  if last and last[1] == hour then last[2] = last[2] + count else hours[#hours + 1] = {hour, count} end
  while #hours > tonumber(most_hours) do table.remove(hours, 1) end
  redis.call('HSET', query, 'came', cmsgpack.pack(hours))
  if count > 0 then redis.call('HSET', query, 'came_at', now) end
end

if outcome == 'read' then
  if cursor ~= '' then redis.call('HSET', query, 'cursor', cursor) end
  if moved_to ~= '' then redis.call('HSET', query, 'moved', moved_to) end
  if start ~= '' then
    note_gaps(tonumber(start), tonumber(stop), tonumber(truncated))
    cover(tonumber(start), tonumber(stop), tonumber(truncated))
    redis.call('HSETNX', query, 'since', start)
  end
  redis.call('HSET', query, 'unreadable', unreadable)
  redis.call('HSET', query, 'tempo', tempo)
  note_came(tonumber(fresh))
  if is_garbled == '1' then
    redis.call('HINCRBY', query, 'garbled', 1)
    redis.call('HSETNX', query, 'garbled_at', now)
  else
    redis.call('HDEL', query, 'garbled', 'garbled_at')
  end
  if is_deadly == '1' then redis.call('HSET', query, 'wary', 1) else redis.call('HDEL', query, 'wary') end
  redis.call('HDEL', query, 'failures', 'failing_since', 'reason')
elseif outcome == 'filled' then
  note_gaps(tonumber(start), tonumber(stop), tonumber(truncated))
  cover(tonumber(start), tonumber(stop), tonumber(truncated))
elseif outcome == 'failed' then
  redis.call('HINCRBY', query, 'failures', 1)
  redis.call('HSETNX', query, 'failing_since', now)
  redis.call('HSET', query, 'reason', reason)
elseif outcome == 'held' then
  redis.call('HSETNX', query, 'reason', reason)
  redis.call('HSETNX', query, 'failing_since', now)
  redis.call('PEXPIRE', query, time_to_live)
end
if outcome == 'read' or outcome == 'failed' then
  redis.call('HSET', query, 'tried', now)
  redis.call('HDEL', query, 'attempt')
  redis.call('PEXPIRE', query, time_to_live)
end

-- A stream never ends, so it says nothing of whether jobs end.
if goes_on then return 1 end
redis.call('ZADD', due, 'XX', now + due_in, job)
redis.call('HDEL', due_since, job)
redis.call('HDEL', leases, job)
redis.call('SET', committed, now)
return 1
