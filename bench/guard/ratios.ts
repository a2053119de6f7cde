import type { BenchOptions } from '../bench.ts'
import { SOCKET_PROCESS } from '../cost.ts'
import { fanOutSubjects, oneRoom } from '../fan-out.ts'
import type { Sample } from '../measure/pairs.ts'
import { pushSubjects } from '../push.ts'
import { routerSubjects } from '../router.ts'
import type { Ground } from '../stage.ts'
import { storageSubjects } from '../storage.ts'

type Subjects = Readonly<Record<string, () => Promise<Sample>>>

/** One cost over its limit's, small enough to be measured many times in every run of the tests. */
export interface Guarded {
  readonly name: string
  readonly about: string
  /** What both are measured by: less is better. */
  readonly figure: string
  readonly limit: string
  /** Of one segment. */
  readonly seconds: number
  /** A share of the size of the bench that it is taken from. */
  readonly scale: number
  prepare(stack: AsyncDisposableStack, options: BenchOptions): Promise<Subjects>
}

export const OURS = 'switchboard'
const LISTENERS = 400
const MESSAGES_PER_SECOND = 100

export const GUARDED: readonly Guarded[] = [
  {
    name: 'fan-out',
    about: `edge over a ws loop, CPU per delivery, ${LISTENERS} listeners at ${MESSAGES_PER_SECOND} messages/s`,
    figure: `CPU µs per delivery, ${SOCKET_PROCESS}`,
    limit: 'raw ws',
    seconds: 1.5,
    scale: 1,
    prepare: async (stack, options) => {
      const beside = await oneRoom(stack, options, LISTENERS)
      const { switchboard, 'raw ws': raw } = fanOutSubjects(beside, {
        rate: MESSAGES_PER_SECOND,
        seconds: options.seconds,
      })
      return { switchboard, 'raw ws': raw }
    },
  },
  {
    name: 'router',
    about: 'all processes over NATS for the same bytes published to JetStream, CPU per message, 50 rooms',
    figure: 'CPU µs per message, all processes',
    limit: 'raw JetStream',
    seconds: 1,
    scale: 0.25,
    prepare: async (stack, options) => (await routerSubjects(stack, options)).subjects,
  },
  {
    name: 'storage',
    about: 'storage, NATS and MongoDB over insertMany of the same documents, CPU per event, 4,200 events',
    figure: 'CPU µs per event, all processes',
    limit: 'raw insertMany',
    seconds: 2,
    scale: 1,
    prepare: storageSubjects,
  },
  {
    name: 'push',
    about: 'notifier and NATS over the same requests on bare HTTP/2, CPU per push, 2,000 at once',
    figure: 'CPU µs per push, all processes',
    limit: 'raw HTTP/2',
    seconds: 1,
    scale: 0.25,
    prepare: async (stack, options) => (await pushSubjects(stack, options)).subjects,
  },
]

/** The options of a bench, at the size of the guard. */
export const guardOptions = ({ seconds, scale }: Guarded, ground: Ground): BenchOptions => ({
  ground,
  seconds,
  scale,
  pairs: 1,
  report: () => {},
})

/** One pair: ours, its limit, and the ratio of both. @throws when a figure is missing or the limit cost nothing. */
export async function takePair({ figure, limit }: Guarded, subjects: Subjects): Promise<number> {
  const ours = (await subjects[OURS]?.())?.[figure]
  const raw = (await subjects[limit]?.())?.[figure]
  const ratio = (ours ?? Number.NaN) / (raw ?? Number.NaN)
  if (!(ratio > 0 && ratio < Number.POSITIVE_INFINITY)) throw new Error(`${figure}: ${ours} over ${raw} is no ratio`)
  return ratio
}
