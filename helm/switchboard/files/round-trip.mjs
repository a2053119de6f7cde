// What `helm test` runs: proves the product, not the port. Needs Node.js alone, so that it runs in the image of the edge.
// Refused with a bad token; then, with accounts: registers, logs in, connects, sends, receives, and reads it back.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'

// round-trip.mjs <address of the edges> <whether there are accounts>
const [EDGE, ACCOUNTS] = process.argv.slice(2)
const SECONDS_MAX = 60

async function http(method, path, { token, body } = {}) {
  const response = await fetch(`${EDGE}${path}`, {
    method,
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(SECONDS_MAX * 1000),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
}

/** A connection in the JSON protocol: `ask` resolves with the reply to a command, `push` with the first push that fits. */
async function connect() {
  const socket = new WebSocket(`${EDGE.replace(/^http/, 'ws')}/connection/websocket`)
  const messages = []
  const waiting = new Set()
  let id = 0
  const wait = (fits, what) =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no ${what} within ${SECONDS_MAX} s`)), SECONDS_MAX * 1000)
      const look = () => {
        const found = messages.find(fits)
        if (!found) return
        waiting.delete(look)
        clearTimeout(late)
        resolve(found)
      }
      waiting.add(look)
      look()
    })
  const took = (message) => {
    messages.push(message)
    for (const look of [...waiting]) look()
  }
  socket.onmessage = ({ data }) => {
    for (const line of String(data).split('\n').filter(Boolean)) {
      if (line === '{}') socket.send('{}')
      else took(JSON.parse(line))
    }
  }
  socket.onclose = ({ code }) => took({ closed: code })
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = () => reject(new Error(`cannot connect to ${EDGE}`))
  })
  return {
    ask: (command) => {
      id += 1
      const own = id
      socket.send(JSON.stringify({ id: own, ...command }))
      return wait((message) => message.id === own || message.closed, `reply to ${Object.keys(command)[0]}`)
    },
    push: (fits, what) => wait((message) => message.push && fits(message.push), what),
    close: () => socket.close(),
  }
}

async function refusal() {
  const { status } = await http('GET', '/v1/rooms', { token: 'not.a.token' })
  assert.equal(status, 401, 'the API takes a bad token')
  const connection = await connect()
  const reply = await connection.ask({ connect: { token: 'not.a.token' } })
  assert.ok(reply.error || reply.closed, 'the connection takes a bad token')
  connection.close()
  console.log('refused: a bad token')
}

async function roundTrip() {
  const user = `helm-test-${randomUUID().slice(0, 8)}`
  const password = randomUUID()
  const account = await http('POST', '/v1/accounts', { body: { user, password } })
  assert.equal(account.status, 201, JSON.stringify(account.body))
  const login = await http('POST', '/v1/login', { body: { user, password } })
  assert.equal(login.status, 200, JSON.stringify(login.body))
  const { token } = login.body
  console.log(`logged in: ${user}`)

  const connection = await connect()
  const connected = await connection.ask({ connect: { token } })
  assert.ok(connected.connect, JSON.stringify(connected))
  const data = { cid: randomUUID(), kind: 'group', title: 'helm test' }
  const created = await connection.ask({ rpc: { method: 'room.create', data } })
  const room = created.rpc?.data.room
  assert.ok(room, JSON.stringify(created))
  const text = `hello from helm test ${randomUUID()}`
  const channel = `room:${room}`
  const received = connection.push((push) => push.channel === channel && push.pub?.data.text === text, 'message')
  const sent = await connection.ask({ publish: { channel, data: { cid: randomUUID(), text } } })
  assert.ok(sent.publish, JSON.stringify(sent))
  console.log('sent: a message')
  const { push } = await received
  assert.equal(push.pub.data.from, user)
  console.log(`received: number ${push.pub.offset} of its room`)
  connection.close()

  const history = await http('GET', `/v1/rooms/${room}/events`, { token })
  assert.equal(history.status, 200, JSON.stringify(history.body))
  assert.ok(
    history.body.events.some((event) => event.text === text),
    JSON.stringify(history.body),
  )
  console.log(`read back: ${history.body.events.length} events`)
}

await refusal()
if (ACCOUNTS === 'true') await roundTrip()
console.log('helm test: everything works')
process.exit(0)
