"""What Redis does in one step each, as Lua: nobody sees half of it, and its log holds all of it or nothing.

Keys, each behind the state's prefix:

    told:<type>:<id>            digest of a fact's content: the same fact told twice is one
    of:<part>:<customer_id>     sorted set of a customer's facts by moment; a member is id, type and content with zero bytes between
    customers                   sorted set: whose facts there are, by when the first of them is due to be dropped
    of_sku                      sorted set of the told facts about skus by moment, so that they can be dropped
    shelf                       hash: type and sku to the latest moment, id, amount and currency
    shelved                     sorted set: the same fields by moment
    changes, change             sorted set: the same fields by the number of their last change; the last number
    tombstones                  hash: pseudonym to when erased and when rejoined
    settled                     the moment up to which facts were dropped
    about                       hash: format, what the secret makes of a fixed word
    life                        which life of the data this is: another one after it was emptied
"""

from __future__ import annotations

_SPLIT = r"""
local p = ARGV[1]
local function told_of(member)
  local id, type = string.match(member, '^(.*)%z(%a+)%z[^%z]*$')
  return p .. 'told:' .. type .. ':' .. id
end
"""

ADD = r"""
local p = ARGV[1]
local settled = tonumber(redis.call('GET', p .. 'settled') or '-1e17')
local function barred(pseudonym, at)
  local found = redis.call('HGET', p .. 'tombstones', pseudonym)
  if not found then return false end
  local rejoined = string.match(found, ':(.+)$')
  return not rejoined or tonumber(at) < tonumber(rejoined)
end
local function shelve(field, at, key, value)
  local there = redis.call('HGET', p .. 'shelf', field)
  if there then
    local old = cjson.decode(there)
    local old_at, new_at = tonumber(old[1]), tonumber(at)
    if old_at > new_at or (old_at == new_at and old[2] >= key) then return end
  end
  redis.call('HSET', p .. 'shelf', field, value)
  redis.call('ZADD', p .. 'shelved', at, field)
  redis.call('ZADD', p .. 'changes', redis.call('INCR', p .. 'change'), field)
end
local outcomes = {}
for i, fact in ipairs(cmsgpack.unpack(ARGV[2])) do
  local told, digest, at, due, customer, member, extra, mark = unpack(fact)
  local there = redis.call('GET', p .. 'told:' .. told)
  if customer ~= '' and barred(mark, at) then
    outcomes[i] = 'erased'
  elseif tonumber(due) < settled then
    outcomes[i] = 'settled'
  elseif there then
    outcomes[i] = there == digest and 'duplicate' or 'conflict'
  else
    redis.call('SET', p .. 'told:' .. told, digest)
    if customer ~= '' then
      redis.call('ZADD', p .. 'of:' .. extra .. ':' .. customer, at, member)
      redis.call('ZADD', p .. 'customers', 'LT', due, customer)
    else
      redis.call('ZADD', p .. 'of_sku', at, told)
      shelve(member, at, mark, extra)
    end
    outcomes[i] = 'accepted'
  end
end
return outcomes
"""
"""ARGV: prefix, the facts (msgpack; `serving.online.packed` says in which order). Returns what became of each."""

ERASE = (
    _SPLIT
    + r"""
local pseudonym, customer, now = ARGV[2], ARGV[3], ARGV[4]
local gone = 0
for part = 0, 2 do
  local key = p .. 'of:' .. part .. ':' .. customer
  for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
    redis.call('DEL', told_of(member))
    gone = gone + 1
  end
  redis.call('DEL', key)
end
redis.call('ZREM', p .. 'customers', customer)
local found = redis.call('HGET', p .. 'tombstones', pseudonym)
if not found or string.match(found, ':(.+)$') then
  found = now .. ':'
  redis.call('HSET', p .. 'tombstones', pseudonym, found)
end
return {gone, found}
"""
)
"""ARGV: prefix, pseudonym, customer_id, now. Returns how many facts it removed, and the tombstone."""

REJOIN = r"""
local p = ARGV[1]
local found = redis.call('HGET', p .. 'tombstones', ARGV[2])
if not found or string.match(found, ':(.+)$') then return 0 end
redis.call('HSET', p .. 'tombstones', ARGV[2], found .. ARGV[3])
return 1
"""
"""ARGV: prefix, pseudonym, now. Returns 1 if the person had been erased and is known anew."""

DROP_CUSTOMERS = (
    _SPLIT
    + r"""
local moment, stay = ARGV[2], {['0'] = 0, ['1'] = 0, ['2'] = tonumber(ARGV[3])}
local due = redis.call('ZRANGE', p .. 'customers', '-inf', '(' .. moment, 'BYSCORE', 'LIMIT', 0, 100)
for _, customer in ipairs(due) do
  local first = nil
  for part, longer in pairs(stay) do
    local key = p .. 'of:' .. part .. ':' .. customer
    local before = '(' .. string.format('%.0f', tonumber(moment) - longer)
    for _, member in ipairs(redis.call('ZRANGE', key, '-inf', before, 'BYSCORE')) do
      redis.call('DEL', told_of(member))
    end
    redis.call('ZREMRANGEBYSCORE', key, '-inf', before)
    local left = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if left[2] and (not first or tonumber(left[2]) + longer < first) then first = tonumber(left[2]) + longer end
  end
  if first then
    redis.call('ZADD', p .. 'customers', string.format('%.0f', first), customer)
  else
    redis.call('ZREM', p .. 'customers', customer)
  end
end
return #due
"""
)
"""ARGV: prefix, moment, for how long decisions stay. Returns of how many customers it dropped something; 0: none is left."""

DROP_CHANGES = r"""
local p, before = ARGV[1], '(' .. ARGV[2]
local due = redis.call('ZRANGE', p .. 'of_sku', '-inf', before, 'BYSCORE', 'LIMIT', 0, 1000)
for _, told in ipairs(due) do
  redis.call('DEL', p .. 'told:' .. told)
  redis.call('ZREM', p .. 'of_sku', told)
end
local gone = redis.call('ZRANGE', p .. 'shelved', '-inf', before, 'BYSCORE', 'LIMIT', 0, 1000)
for _, field in ipairs(gone) do
  redis.call('HDEL', p .. 'shelf', field)
  redis.call('ZREM', p .. 'shelved', field)
  redis.call('ZREM', p .. 'changes', field)
end
return #due + #gone
"""
"""ARGV: prefix, moment. Returns how many told facts and latest values it dropped; 0: none is left."""

SETTLE = r"""
local there = redis.call('GET', ARGV[1] .. 'settled')
if not there or tonumber(there) < tonumber(ARGV[2]) then redis.call('SET', ARGV[1] .. 'settled', ARGV[2]) end
return 1
"""
"""ARGV: prefix, moment. From now on facts that are due before it are refused."""
