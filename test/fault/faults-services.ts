import type { ServiceName } from '../../tools/system/service.ts'
import { type FaultKind, fault, type Heal, type Stage } from './faults-kind.ts'
import { podsOf, serviceOf, TARGETS } from './faults-targets.ts'
import type { StateName } from './states.ts'

const NAMES: readonly ServiceName[] = ['edge', 'router', 'storage', 'notifier']

const PEOPLE: Readonly<Record<ServiceName, string>> = {
  edge: 'an edge',
  router: 'a router',
  storage: 'a storage',
  notifier: 'a notifier',
}

/** What follows for certain when one of a service is away for longer than a lease. */
const AFTER_LOSS: Readonly<Record<ServiceName, readonly StateName[]>> = {
  edge: ['connection-lost'],
  router: ['router-takeover'],
  storage: ['storage-takeover'],
  notifier: [],
}

async function kill({ world, target }: Stage): Promise<Heal> {
  const victim = serviceOf(world, target)
  await victim.kill()
  return () => victim.start()
}

async function freeze({ world, target }: Stage): Promise<Heal> {
  const victim = serviceOf(world, target)
  victim.freeze()
  return () => victim.thaw()
}

/** One pod after another, as Kubernetes does it. It goes on while the fault is on; healing waits for its end. */
const rollAll =
  (service: ServiceName) =>
  async ({ world }: Stage): Promise<Heal> => {
    const rolling = rollEach(world, service)
    // Awaited when the fault is healed; until then a failure must not end this process as unhandled.
    rolling.catch(() => {})
    return () => rolling
  }

async function rollEach(world: Stage['world'], service: ServiceName): Promise<void> {
  for (const pod of podsOf(world, service)) await pod.roll()
}

const killAll =
  (service: ServiceName) =>
  async ({ world }: Stage): Promise<Heal> => {
    const pods = podsOf(world, service)
    await Promise.all(pods.map((pod) => pod.kill()))
    return async () => {
      await Promise.all(pods.map((pod) => pod.start()))
    }
  }

const kills = NAMES.map((name) =>
  fault(
    { name: `kill-${name}`, what: `kill -9 ${PEOPLE[name]}, another one after some seconds`, listed: 'F1' },
    { claims: [name], seconds: [1, 5], weight: 2, targets: TARGETS[name], shows: AFTER_LOSS[name], inject: kill },
  ),
)

const freezes = NAMES.map((name) =>
  fault(
    { name: `freeze-${name}`, what: `stop ${PEOPLE[name]} (SIGSTOP) and continue it`, listed: 'F16' },
    {
      claims: [name],
      seconds: [6, 15],
      targets: TARGETS[name],
      shows: name === 'edge' ? [] : AFTER_LOSS[name],
      inject: freeze,
    },
  ),
)

const rolls = NAMES.map((name) =>
  fault(
    { name: `roll-${name}`, what: `restart every ${name}, one after another (SIGTERM)`, listed: 'F14' },
    {
      claims: [name],
      seconds: [4, 8],
      targets: [`every ${name}`],
      shows: AFTER_LOSS[name],
      inject: rollAll(name),
    },
  ),
)

const OFFSETS: Readonly<Record<string, number>> = {
  '+5 min': 300_000,
  '−5 min': -300_000,
  '−12 h': -12 * 3_600_000,
}

const clocks: FaultKind = fault(
  { name: 'step-clock', what: 'step the wall clock of one process', listed: 'F7' },
  {
    claims: ['clocks'],
    seconds: [5, 20],
    weight: 3,
    targets: TARGETS.services.flatMap((name) => Object.keys(OFFSETS).map((offset) => `${name} by ${offset}`)),
    inject: async ({ world, target }) => {
      const [name = '', offset = ''] = target.split(' by ')
      const victim = serviceOf(world, name)
      await victim.stepClock(OFFSETS[offset] ?? 0)
      return () => victim.stepClock(0)
    },
  },
)

/** Faults of our own processes. */
export const SERVICE_FAULTS: readonly FaultKind[] = [
  ...kills,
  ...freezes,
  ...rolls,
  clocks,
  fault(
    { name: 'zombie-router', what: 'stop a router for 20 s, while another one writes, and continue it', listed: 'F16' },
    { claims: ['router'], seconds: [20, 20], targets: TARGETS.router, shows: AFTER_LOSS.router, inject: freeze },
  ),
  fault(
    { name: 'kill-routers', what: 'kill -9 every router at once', listed: 'F1' },
    {
      claims: ['router'],
      seconds: [1, 4],
      targets: ['every router'],
      shows: AFTER_LOSS.router,
      inject: killAll('router'),
    },
  ),
  fault(
    { name: 'kill-storages', what: 'kill -9 every storage at once', listed: 'F1' },
    {
      claims: ['storage'],
      seconds: [1, 4],
      targets: ['every storage'],
      shows: AFTER_LOSS.storage,
      inject: killAll('storage'),
    },
  ),
]
