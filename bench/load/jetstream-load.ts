/**
 * A load process on NATS itself: what JetStream takes when nothing is decided, and what the router does when nobody has a socket.
 */
import type { Bus } from '@switchboard/bus/connect'
import { encodeJson, flush, subscribe, toHeaders } from '@switchboard/bus/core'
import { encodeEntry, formatInput, formatRange, HEADER } from '@switchboard/contracts/entry'
import type { EntityCommand, ReplyRecord } from '@switchboard/contracts/records'
import { type Counts, Histogram } from '../measure/histogram.ts'
import { nowUs, stamped } from './clock.ts'
import { quietBus } from './log-writer.ts'
import { atRate, until } from './pace.ts'
import { serveParent } from './worker.ts'

const SETTLE_MS_MAX = 60_000
const EDGE = 'benchedge'

export interface JetStreamWork {
  readonly seconds: number
  /** Unanswered at the same time. */
  readonly window: number
  readonly textChars: number
  readonly rooms: readonly string[]
  /** Who writes in each of the rooms. */
  readonly authors: readonly string[]
}

export interface JetStreamDone {
  readonly acked: number
  /** The same: each is one event. */
  readonly events: number
  readonly seconds: number
  readonly faults: readonly string[]
  readonly acks: Counts
  /** Distinct seqs that were given, which must be as many as were acknowledged. */
  readonly seqs: number
}

let bus: Bus | undefined
let cids = 0
let requests = 0
/** Of the raw log: a stream of its own, so that no service follows it. */
const RAW_STREAM = 'raw'

function connected(): Bus {
  if (!bus) throw new Error('not connected')
  return bus
}

const rawSubject = (room: string): string => `${connected().names.namespace}raw.${room}`

interface Run {
  readonly acks: Histogram
  readonly faults: string[]
  acked: number
  inFlight: number
}

const newRun = (): Run => ({ acks: new Histogram(), faults: [], acked: 0, inFlight: 0 })

/** Keeps the window full for so long, and waits for the last answer. */
async function keepFull(run: Run, { seconds, window }: JetStreamWork, sendOne: (i: number) => void): Promise<number> {
  const from = performance.now()
  let i = 0
  const send = () => {
    if (run.inFlight >= window) return false
    run.inFlight += 1
    sendOne(i)
    i += 1
    return true
  }
  await atRate({ perSecond: 0, seconds, send })
  await until(
    () => run.inFlight === 0,
    SETTLE_MS_MAX,
    () => `${run.inFlight} have no answer`,
  )
  return (performance.now() - from) / 1_000
}

function doneOf({ acked, faults, acks }: Run, seconds: number, seqs: number): JetStreamDone {
  return { acked, events: acked, seconds, faults: faults.slice(0, 5), acks: [...acks.counts], seqs }
}

export const methods = {
  connect: async ({ url, namespace }: { url: string; namespace: string }): Promise<void> => {
    bus = await quietBus(url, namespace)
    const name = `${namespace}-${RAW_STREAM}`
    const own = { name, subjects: [`${namespace}raw.*`] }
    const { config } = await bus.jsm.streams.info(bus.names.logStream(0))
    // Kept as the log is kept, and republished as it is: the same bytes go the same ways.
    const { storage, num_replicas, max_age, duplicate_window, allow_direct } = config
    const republish = { src: `${namespace}raw.*`, dest: `${namespace}rawlive.{{wildcard(1)}}` }
    await bus.jsm.streams.add({ ...own, storage, num_replicas, max_age, duplicate_window, allow_direct, republish })
  },

  /** Publishes entries of one message, pipelined: nobody decides, nobody orders. */
  publishRaw: async (work: JetStreamWork): Promise<JetStreamDone> => {
    const { js } = connected()
    const run = newRun()
    const seqs = new Set<number>()
    const seconds = await keepFull(run, work, (i) => {
      const room = work.rooms[i % work.rooms.length] ?? ''
      const [from, seq] = [work.authors[i % work.authors.length] ?? '', i + 1]
      cids += 1
      const event = {
        type: 'message' as const,
        seq,
        n: seq,
        at: Date.now(),
        from,
        cid: `${process.pid}-${cids}`,
        text: stamped(work.textChars),
      }
      const headers = toHeaders({
        [HEADER.entry]: formatRange({ first: seq, last: seq, n: seq, epoch: 'bench' }),
        [HEADER.input]: formatInput({ incarnation: 'bench', input: seq, floor: 0 }),
      })
      const us = nowUs()
      js.publish(rawSubject(room), encodeEntry(`room:${room}`, [event]), { headers, msgID: event.cid })
        .then((ack) => {
          seqs.add(ack.seq)
          run.acked += 1
          run.acks.add(nowUs() - us)
        })
        .catch((error: unknown) => run.faults.push(String(error)))
        .finally(() => {
          run.inFlight -= 1
        })
    })
    return doneOf(run, seconds, seqs.size)
  },

  /** Sends commands as an edge does and counts the answers: the router alone. */
  command: async (work: JetStreamWork): Promise<JetStreamDone> => {
    const own = connected()
    const run = newRun()
    const sent = new Map<number, { us: number; room: string }>()
    const seqs = new Set<string>()
    const take = (record: ReplyRecord) => {
      const request = sent.get(record.r)
      if (!request) return void run.faults.push(`an answer to ${record.r}, which was not asked`)
      sent.delete(record.r)
      run.inFlight -= 1
      if ('no' in record) return void run.faults.push(record.no.code)
      run.acked += 1
      run.acks.add(nowUs() - request.us)
      seqs.add(`${request.room}:${(record.ok as { seq: number }).seq}`)
    }
    const decoder = new TextDecoder()
    const replies = subscribe(own, own.names.reply(EDGE), ({ data }) => {
      for (const line of decoder.decode(data).split('\n')) take(JSON.parse(line) as ReplyRecord)
    })
    await flush(own)
    const seconds = await keepFull(run, work, (i) => {
      const room = work.rooms[i % work.rooms.length] ?? ''
      requests += 1
      cids += 1
      sent.set(requests, { us: nowUs(), room })
      const command: EntityCommand = {
        method: 'message.send',
        from: work.authors[i % work.authors.length] ?? '',
        cid: `${process.pid}-${cids}`,
        body: { text: stamped(work.textChars) },
        reply: { edge: EDGE, request: requests },
      }
      own.nc.publish(own.names.command('room', room), encodeJson(command))
    })
    replies.unsubscribe()
    return doneOf(run, seconds, seqs.size)
  },
}

serveParent(methods)
