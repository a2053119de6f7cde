import { SOCKET_PROCESS } from './cost.ts'
import { Crowd, type Meter } from './crowd.ts'
import type { methods as SocketIoMethods } from './limit/socketio-relay.ts'
import type { methods as WsMethods } from './limit/ws-relay.ts'
import type { DialectName, Member } from './load/dialect.ts'
import { startWorker } from './load/worker.ts'
import type { Sample } from './measure/pairs.ts'
import { metering, processMeter } from './measure/processes.ts'
import type { Stage } from './stage.ts'

/** What a server is called in the tables. */
const TITLES = { switchboard: 'switchboard', ws: 'raw ws', 'socket.io': 'socket.io' } as const
type Title = (typeof TITLES)[DialectName]

/** The same people in the same rooms of several servers at once: ours, the limit, Socket.IO. */
export interface SideBySide {
  readonly crowd: Crowd
  readonly meter: Readonly<Record<DialectName, Meter>>
  /** One segment for each of the servers, under the names of the tables. */
  subjects(segment: (dialect: DialectName) => Promise<Sample>): Record<Title, () => Promise<Sample>>
}

const ALL: readonly DialectName[] = ['switchboard', 'ws', 'socket.io']

/** Starts the relays beside a stage and connects everybody to all of them; each server is a group of the crowd by its name. */
export async function sideBySide(
  stack: AsyncDisposableStack,
  {
    stage,
    rooms,
    timedOneIn = 1,
    dialects = ALL,
  }: { stage: Stage; rooms: readonly (readonly Member[])[]; timedOneIn?: number; dialects?: readonly DialectName[] },
): Promise<SideBySide> {
  const ws = stack.use(startWorker<typeof WsMethods>('limit/ws-relay.ts'))
  const socketIo = stack.use(startWorker<typeof SocketIoMethods>('limit/socketio-relay.ts'))
  const crowd = stack.use(new Crowd())
  const urls: Record<DialectName, string> = {
    switchboard: stage.url,
    ws: await ws.call('listen', undefined),
    'socket.io': await socketIo.call('listen', undefined),
  }
  for (const dialect of dialects) await crowd.open(dialect, { dialect, url: urls[dialect], rooms, timedOneIn })
  return {
    crowd,
    meter: {
      switchboard: stage.metering,
      ws: (work) => metering([processMeter(SOCKET_PROCESS, () => ws.pid)], work),
      'socket.io': (work) => metering([processMeter(SOCKET_PROCESS, () => socketIo.pid)], work),
    },
    subjects: (segment) =>
      Object.fromEntries(dialects.map((dialect) => [TITLES[dialect], () => segment(dialect)])) as Record<
        Title,
        () => Promise<Sample>
      >,
  }
}
