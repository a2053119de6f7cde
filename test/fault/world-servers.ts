import type { NatsCluster } from '@switchboard/testkit/nats-cluster'
import type { NatsNode } from '@switchboard/testkit/nats-cluster-node'
import type { Server } from '@switchboard/testkit/servers'
import type { NatsVictim, Victim } from './world-shape.ts'

/** A node of the cluster as something that faults happen to. */
export function natsVictim(node: NatsNode): NatsVictim {
  return {
    name: node.name,
    get running() {
      return node.running
    },
    kill: () => node.kill(),
    start: () => node.start(),
    freeze: () => node.freeze(),
    thaw: () => node.thaw(),
    wipe: () => node.wipe(),
    lameDuck: () => node.lameDuck(),
  }
}

/** The database as something that faults happen to. */
export function mongoVictim(server: Server): Victim {
  let running = true
  let isFrozen = false
  // A container freezes a moment later; what comes next waits for it.
  let pending: Promise<void> = Promise.resolve()
  const next = (act: () => Promise<void>) => {
    pending = pending.then(act)
    return pending
  }
  return {
    name: 'mongo',
    get running() {
      return running
    },
    kill: () =>
      next(async () => {
        if (!running) return
        running = false
        isFrozen = false
        await server.kill()
      }),
    start: () =>
      next(async () => {
        if (running) return
        await server.start()
        running = true
      }),
    freeze: () => {
      void next(async () => {
        if (!running || isFrozen) return
        isFrozen = true
        await server.freeze()
      })
    },
    thaw: () => {
      void next(async () => {
        if (!running || !isFrozen) return
        isFrozen = false
        await server.thaw()
      })
    },
  }
}

/** All nodes run, answer and have caught up. */
export async function mendCluster(cluster: NatsCluster): Promise<void> {
  for (const node of cluster.nodes) if (node.running) node.thaw()
  await Promise.all(cluster.nodes.map((node) => node.start()))
  await cluster.settled()
}
