import { within } from '@switchboard/runtime/deadline'
import { startChild } from '@switchboard/testkit/child'
import { freePort } from '@switchboard/testkit/ports'
import { findProgram } from '../../tools/system/command.ts'

const OPEN_MS_MAX = 20_000

export interface Forwarding extends AsyncDisposable {
  readonly port: number
}

/** A port of this machine that leads to a Service of the cluster, until it is disposed. */
export async function forward(namespace: string, service: string, port: number): Promise<Forwarding> {
  const own = await freePort()
  const open = Promise.withResolvers<void>()
  const child = await startChild({
    name: `the way to ${service}`,
    command: findProgram('kubectl') ?? 'kubectl',
    args: ['port-forward', '-n', namespace, `service/${service}`, `${own}:${port}`],
    onLine: (line) => {
      if (line.startsWith('Forwarding from')) open.resolve()
    },
  })
  const ended = child.exited.then(() => {
    throw new Error(`there is no way to ${service}: ${child.tail().join(' ')}`)
  })
  // It ends when it is disposed.
  ended.catch(() => {})
  await within(OPEN_MS_MAX, Promise.race([open.promise, ended]), `the way to ${service}`)
  return { port: own, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() }
}
