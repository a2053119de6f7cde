import { STREAM_NUMBERS } from '@switchboard/contracts/subjects'
import type { ServiceName } from '../../tools/system/service.ts'
import type { Link, NatsVictim, ServiceVictim, Victim, World } from './world-shape.ts'

/** What can be aimed at, as it is called in plans: known before the world is there, so that a plan can be printed whole. */
const both = (name: string): readonly string[] => [`${name}-1`, `${name}-2`]

export const TARGETS = {
  edge: both('edge'),
  router: both('router'),
  storage: both('storage'),
  notifier: both('notifier'),
  services: ['edge', 'router', 'storage', 'notifier'].flatMap(both),
  nats: ['nats-1', 'nats-2', 'nats-3'],
  /** Of a log stream: who leads it is looked up when the fault begins. */
  leaders: STREAM_NUMBERS.map((number) => `leader of log ${number}`),
} as const

const found = <T>(thing: T | undefined, name: string): T => {
  if (thing === undefined) throw new Error(`the world has no ${name}`)
  return thing
}

export const serviceOf = (world: World, name: string): ServiceVictim =>
  found(
    world.services.find((victim) => victim.name === name),
    name,
  )

export const podsOf = (world: World, service: ServiceName): readonly ServiceVictim[] => world.of(service)

export const nodeOf = (world: World, name: string): NatsVictim =>
  found(
    world.nats.find((victim) => victim.name === name),
    name,
  )

export const linkOf = (world: World, name: string): Link =>
  found(
    world.links.find((link) => link.name === name),
    `link ${name}`,
  )

/** All links whose names match: at least one, else the fault would be none. */
export function linksOf(world: World, pattern: RegExp): readonly Link[] {
  const links = world.links.filter(({ name }) => pattern.test(name))
  if (links.length === 0) throw new Error(`the world has no link like ${pattern}`)
  return links
}

/** The links between one node of NATS and the others, in both directions. */
export const routesOf = (world: World, node: string): readonly Link[] =>
  linksOf(world, new RegExp(`^(${node} ↔ nats-\\d|nats-\\d ↔ ${node})$`))

const SETTLE_SECONDS_MAX = 20
const LOOK_AGAIN_MS = 250

/** The node that leads a log stream now, waiting for an election if need be. */
export async function leaderOf(world: World, target: string): Promise<NatsVictim> {
  const number = /^leader of log (\d)$/.exec(target)?.[1]
  if (number === undefined) return nodeOf(world, target)
  const deadline = performance.now() + SETTLE_SECONDS_MAX * 1_000
  for (;;) {
    const leader = await world.leaderOf(`${world.namespace}-log-${number}`)
    if (leader) return leader
    if (performance.now() > deadline) throw new Error(`log ${number} has no leader after ${SETTLE_SECONDS_MAX} s`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
  }
}

export type { Victim }
