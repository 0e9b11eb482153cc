-- Apply what an update asks of a chat, and put the answer into its outbox: once, all or nothing. Whoever comes second with the same update
-- changes nothing, so the answer of the first stands.
-- KEYS applied subscriptions away refused outbox parcels queue handed ids address episode wishes
-- ARGV update, most updates kept, chat, id of the chat that the update came from, id of its message ('' none), most ids kept,
--      id of the answer ('' none), its record, its parcel, who is refused ('' nobody), how long a refusal is remembered (ms), most
--      refusals remembered, who is told of a refusal (each: everybody once | chat: the chat once | always), how long updates are
--      remembered (ms), when the update was made (ms; 0 unknown), then for each change:
--      subscribe | unsubscribe | leave | return | wish, topic, packed subscription or wishes
-- Returns {1, or 0 when it was applied before; 1 when it was answered; 1 when somebody was refused for the first time in a while;
--      with which the chat ceased to take messages ('' it takes them)}
local applied, subscriptions, away, refused, outbox, parcels, queue, handed, ids, address, episode, wishes = unpack(KEYS)
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local update, most_updates, chat, chat_of_update, message_id, most_ids = unpack(ARGV)
local answer, record, parcel, refused_one, refused_for, most_refused, told = unpack(ARGV, 7, 13)
local updates_kept, said_at, first_change = ARGV[14], ARGV[15], 16
local function ended() return redis.call('GET', episode) or '' end
if redis.call('ZSCORE', applied, update) or redis.call('HEXISTS', outbox, answer) == 1 then return {0, 0, 0, ended()} end
redis.call('ZADD', applied, now, update)
redis.call('ZREMRANGEBYRANK', applied, 0, -1 - most_updates)
redis.call('PEXPIRE', applied, updates_kept)

-- A message of somebody else is no message of ours, and ours will come after it: the probe begins there.
if message_id ~= '' and (redis.call('GET', address) or chat) == chat_of_update then
  redis.call('ZADD', ids, message_id, message_id)
  redis.call('ZREMRANGEBYRANK', ids, 0, -1 - most_ids)
end

-- Who hears what is said in a chat is in it, though nobody told us of our return.
local left_at = (redis.call('GET', away) or ''):match(' (%d+)$')
if left_at and message_id ~= '' and tonumber(left_at) < tonumber(said_at) then redis.call('DEL', away, episode) end

local first = 0
if refused_one ~= '' then
  redis.call('ZREMRANGEBYSCORE', refused, '-inf', now - refused_for)
  local known, others = redis.call('ZSCORE', refused, refused_one), redis.call('ZCARD', refused) > 0
  if not known and redis.call('ZCARD', refused) < tonumber(most_refused) then
    first = 1
    redis.call('ZADD', refused, now, refused_one)
    redis.call('PEXPIRE', refused, refused_for)
  end
  if told ~= 'always' and (first == 0 or (told == 'chat' and others)) then answer = '' end
end

for i = first_change, #ARGV, 3 do
  local change, topic, packed = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if change == 'subscribe' then
    redis.call('HSET', subscriptions, topic, packed)
  elseif change == 'unsubscribe' then
    redis.call('HDEL', subscriptions, topic)
    redis.call('HDEL', wishes, topic)
  elseif change == 'wish' then
    redis.call('HSET', wishes, topic, packed)
  elseif change == 'leave' then
    redis.call('SET', away, update .. ' ' .. said_at, 'NX')
    redis.call('SETNX', episode, 'left ' .. update)
  elseif change == 'return' then
    redis.call('DEL', away, episode)
  end
end

if answer == '' then return {1, 0, first, ended()} end
local last = redis.call('ZRANGE', queue, -1, -1, 'WITHSCORES')[2]
redis.call('HSET', outbox, answer, record)
redis.call('HSET', parcels, answer, parcel)
redis.call('ZADD', queue, math.max(now, last and last + 1 or 0), answer)
redis.call('ZADD', handed, now, answer)
return {1, 1, first, ended()}
