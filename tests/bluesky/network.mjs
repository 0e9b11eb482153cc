// The real Bluesky network in small: PLC directory, bsync, AppView and PDS from @atproto/dev-env, and in front of it a relay
// that tells of the PDS's firehose in the words of Jetstream. Bluesky's own library reads the firehose, so what the product
// is told is what the network said, not what our tests believe.
//
//   node network.mjs     with DB_POSTGRES_URL and REDIS_HOST; prints one line of JSON with the addresses, ends with its input

import { createServer } from 'node:http'
import { TestBsky, TestBsync, TestPds, TestPlc, mockNetworkUtilities } from '@atproto/dev-env'
import { IdResolver } from '@atproto/identity'
import { Firehose } from '@atproto/sync'
import { WebSocketServer } from 'ws'

const dbUrl = process.env.DB_POSTGRES_URL
const redisHost = process.env.REDIS_HOST

const plc = await TestPlc.create({})
const bsync = await TestBsync.create({ apiKeys: ['bsync-api-key'], dbUrl, dbSchema: 'bsync' })
const pdsPort = await freePort()
const bsky = await TestBsky.create({
  plcUrl: plc.url,
  pdsPort,
  bsyncApiKey: 'bsync-api-key',
  bsyncUrl: bsync.url,
  repoProvider: `ws://localhost:${pdsPort}`,
  dbPostgresSchema: 'appview',
  dbPostgresUrl: dbUrl,
  redisHost,
})
bsync.ctx.dataplaneClients = [bsky.ctx.dataplane]
const pds = await TestPds.create({
  port: pdsPort,
  didPlcUrl: plc.url,
  bskyAppViewUrl: bsky.url,
  bskyAppViewDid: bsky.ctx.cfg.serverDid,
})
mockNetworkUtilities(pds, bsky)

// The relay: every event once, in order, under a time of its own that grows.

const told = []
const listeners = new Set()
let lastUs = 0

function tell(event) {
  lastUs = Math.max(lastUs + 1, Date.now() * 1000)
  const line = JSON.stringify({ ...event, time_us: lastUs })
  told.push([lastUs, line])
  for (const listener of listeners) listener.send(line)
}

function plain(value) {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value.toJSON === 'function') return value.toJSON()
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]))
}

const firehose = new Firehose({
  service: `ws://localhost:${pdsPort}`,
  idResolver: new IdResolver({ plcUrl: plc.url }),
  getCursor: () => 0,
  unauthenticatedCommits: true,
  unauthenticatedHandles: true,
  onError: (error) => process.stderr.write(`firehose: ${error}\n`),
  handleEvent: (event) => {
    if (event.event === 'account') {
      const { did, active, status, seq, time } = event
      tell({ did, kind: 'account', account: { active, did, seq, time, ...(status ? { status } : {}) } })
    } else if (['create', 'update', 'delete'].includes(event.event)) {
      if (event.collection !== 'app.bsky.feed.post') return
      const { did, rev, collection, rkey } = event
      const commit = { rev, operation: event.event, collection, rkey }
      tell({ did, kind: 'commit', commit: event.event === 'delete' ? commit : { ...commit, record: plain(event.record), cid: `${event.cid}` } })
    }
  },
})
firehose.start()

const http = createServer((request, response) => response.writeHead(404).end())
const server = new WebSocketServer({ server: http, path: '/subscribe' })
server.on('connection', (socket, request) => {
  const asked = new URL(request.url, 'ws://localhost').searchParams
  if (asked.get('wantedCollections') !== 'app.bsky.feed.post') return socket.close(1008, 'wantedCollections')
  const cursor = asked.get('cursor')
  for (const [time, line] of told) if (cursor !== null && time >= Number(cursor)) socket.send(line)
  listeners.add(socket)
  socket.on('close', () => listeners.delete(socket))
})
await new Promise((done) => http.listen(0, '127.0.0.1', done))

process.stdout.write(JSON.stringify({ pds: pds.url, appview: bsky.url, jetstream: `ws://127.0.0.1:${http.address().port}` }) + '\n')
process.stdin.on('end', () => process.exit(0)).resume()

async function freePort() {
  const probe = createServer()
  await new Promise((done) => probe.listen(0, done))
  const { port } = probe.address()
  await new Promise((done) => probe.close(done))
  return port
}
