/**
 * Run as a process of its own by `containers.ts`. Reads container ids, one per line, and removes them when its input
 * closes: that is when the process that started them is gone, however it died. It does what testcontainers' own reaper
 * does, without an image that must be pulled.
 */
import { createInterface } from 'node:readline'
import { getContainerRuntimeClient } from 'testcontainers'

const ids: string[] = []
for await (const line of createInterface({ input: process.stdin })) ids.push(line)

if (ids.length > 0) {
  const client = await getContainerRuntimeClient()
  // A container that its owner removed already is the usual case.
  await Promise.allSettled(ids.map((id) => client.container.getById(id).remove({ force: true, v: true })))
}
