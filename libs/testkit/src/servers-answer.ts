import { connect } from 'node:net'
import { MongoClient } from 'mongodb'

const TRY_MS = 2_000
const PAUSE_MS = 100

/** Resolves when `url` answers as the server it should be; after the deadline it throws one sentence with the last reason. */
export async function waitForServer(url: string, secondsMax = 30): Promise<void> {
  const probe = url.startsWith('mongodb') ? mongoAnswers : natsAnswers
  const deadline = Date.now() + secondsMax * 1000
  for (;;) {
    const reason = await probe(url)
    if (reason === undefined) return
    if (Date.now() > deadline) throw new Error(`${withoutPassword(url)} does not answer: ${reason}`)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

/** A server's URL as it may be printed. */
export function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//')
}

/** Undefined when a NATS server with JetStream greets on `url`, else why not. The greeting comes before log-in and TLS. */
export function natsAnswers(url: string): Promise<string | undefined> {
  const first = new URL(url.split(',')[0] ?? url)
  return new Promise((resolve) => {
    const socket = connect({ host: first.hostname.replace(/^\[|\]$/g, ''), port: Number(first.port || 4222) })
    const answer = (reason?: string) => {
      socket.destroy()
      resolve(reason)
    }
    let greeting = ''
    socket.setTimeout(TRY_MS, () => answer('no greeting in time'))
    socket.on('error', (error) => answer(error.message))
    socket.on('close', () => answer('it closed the connection without a greeting'))
    socket.on('data', (data) => {
      greeting += data.toString('latin1')
      if (!greeting.includes('\r\n')) return
      if (!greeting.startsWith('INFO ')) return answer('it is not a NATS server')
      answer(/"jetstream":\s*true/.test(greeting) ? undefined : 'its JetStream is switched off (start it with -js)')
    })
  })
}

/** Undefined when a MongoDB server answers a ping on `url`, else why not. */
export async function mongoAnswers(url: string): Promise<string | undefined> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: TRY_MS, connectTimeoutMS: TRY_MS })
  try {
    await client.db('admin').command({ ping: 1 })
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    await client.close()
  }
}
