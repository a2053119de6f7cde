import type { ServiceName } from '../../tools/system/service.ts'
import type { Stage } from './faults-kind.ts'
import { diceOf } from './plan-dice.ts'
import type { Link, NatsVictim, ServiceVictim, Toxic, Victim, World } from './world-shape.ts'

/** A world that breaks nothing and remembers everything, to try faults on. */
export interface FakeWorld extends World {
  /** What is wrong with it now, one line for each thing. */
  readonly wrong: readonly string[]
  /** Everything that was ever done to it. */
  readonly done: readonly string[]
}

class FakeVictim implements ServiceVictim, NatsVictim {
  readonly name: string
  readonly service: ServiceName
  readonly #done: string[]
  running = true
  #isFrozen = false
  #offsetMs = 0

  constructor(name: string, done: string[]) {
    this.name = name
    this.service = name.split('-')[0] as ServiceName
    this.#done = done
  }

  get wrong(): string[] {
    return [
      ...(this.running ? [] : [`${this.name} is down`]),
      ...(this.#isFrozen ? [`${this.name} is frozen`] : []),
      ...(this.#offsetMs === 0 ? [] : [`${this.name} has a wrong clock`]),
    ]
  }

  kill = async () => this.#do('kill', () => (this.running = false))
  lameDuck = async () => this.#do('lame duck', () => (this.running = false))
  start = async () => this.#do('start', () => (this.running = true))
  freeze = () => this.#do('freeze', () => (this.#isFrozen = true))
  thaw = () => this.#do('thaw', () => (this.#isFrozen = false))
  roll = async () => this.#do('roll', () => {})
  stepClock = async (offsetMs: number) => this.#do(`step by ${offsetMs}`, () => (this.#offsetMs = offsetMs))
  metrics = async () => new Map<string, number>()

  wipe = async () => {
    if (this.running) throw new Error(`${this.name} still runs`)
    this.#do('wipe', () => {})
  }

  #do(what: string, change: () => void): void {
    this.#done.push(`${what} ${this.name}`)
    change()
  }
}

class FakeLink implements Link {
  readonly name: string
  readonly open = 1
  readonly #done: string[]
  #toxic: Toxic | undefined

  constructor(name: string, done: string[]) {
    this.name = name
    this.#done = done
  }

  get wrong(): string[] {
    return this.#toxic ? [`${this.name} has ${this.#toxic.kind}`] : []
  }

  spoil(toxic: Toxic): void {
    this.#done.push(`spoil ${this.name}`)
    this.#toxic = toxic
  }

  heal(): void {
    this.#toxic = undefined
  }

  reset(): void {
    this.#done.push(`reset ${this.name}`)
  }
}

const NAMES = ['edge', 'router', 'storage', 'notifier'].flatMap((name) => [`${name}-1`, `${name}-2`])

const LINKS = [
  ...NAMES.map((name) => `${name} → nats`),
  ...['storage-1 → mongo', 'storage-2 → mongo', 'clients → edge-1', 'clients → edge-2'],
  ...['nats-1 ↔ nats-2', 'nats-1 ↔ nats-3', 'nats-2 ↔ nats-3'],
]

export function fakeWorld(): FakeWorld {
  const done: string[] = []
  const victim = (name: string) => new FakeVictim(name, done)
  const services = NAMES.map(victim)
  const nats = ['nats-1', 'nats-2', 'nats-3'].map(victim)
  const mongo = victim('mongo')
  const links = LINKS.map((name) => new FakeLink(name, done))
  const victims: readonly (Victim & { wrong: string[]; stepClock: ServiceVictim['stepClock'] })[] = [
    ...services,
    ...nats,
    mongo,
  ]
  const world = {
    services,
    nats,
    mongo,
    links,
    done,
    get wrong() {
      return [...victims, ...links].flatMap((part) => part.wrong)
    },
    namespace: 'fake',
    leaderOf: async () => nats[1],
    of: (service: ServiceName) => services.filter((each) => each.service === service),
    healAll: async () => {
      for (const link of links) link.heal()
      for (const each of victims) {
        each.thaw()
        await each.stepClock(0)
        await each.start()
      }
    },
  }
  // What no fault looks at is not there.
  return world as unknown as FakeWorld
}

/** Where a fault may happen to a fake world. */
export function fakeStage(world: FakeWorld, target: string): Stage {
  const server = { plan: () => note(world, 'plan a push fault'), sessions: [] }
  return {
    world,
    target,
    dice: diceOf(target),
    push: { apns: server, fcm: server, webpush: server } as unknown as Stage['push'],
    nats: {
      untilReplicated: async () => {},
      publishCommand: async () => note(world, 'publish'),
    },
    killClients: async () => {
      note(world, 'kill clients')
      return () => {}
    },
  }
}

const note = (world: FakeWorld, what: string): void => {
  ;(world.done as string[]).push(what)
}
