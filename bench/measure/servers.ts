import { readFileSync } from 'node:fs'
import type { Servers } from '@switchboard/testkit/servers'
import { getContainerRuntimeClient } from 'testcontainers'
import { runCommand } from '../../tools/system/command.ts'
import { cpuFileOfGroup, cpuMsOfGroup } from './proc.ts'
import { type Metered, processMeter } from './processes.ts'

const PS_SECONDS_MAX = 10
const NS_PER_MS = 1e6

/** Meters of NATS and MongoDB, wherever they run. @throws when they cannot be found: then their work would look free. */
export async function serverMeters(servers: Servers): Promise<{ nats: Metered; mongo: Metered }> {
  const meterOf = servers.kind === 'containers' ? containerMeter : embeddedMeter
  return { nats: await meterOf('nats', servers.natsUrl), mongo: await meterOf('mongo', servers.mongoUrl) }
}

/** All processes of a container together: a database may fork one for each connection. */
async function containerMeter(name: string, url: string): Promise<Metered> {
  const { dockerode } = (await getContainerRuntimeClient()).container
  const { hostname, port } = new URL(url)
  const found = (await dockerode.listContainers()).find(({ Ports, NetworkSettings }) => {
    const own = Object.values(NetworkSettings.Networks).some(({ IPAddress }) => IPAddress === hostname)
    return own || Ports.some(({ PublicPort }) => PublicPort === Number(port))
  })
  if (!found) throw new Error(`no container is ${name} at ${hostname}:${port}`)
  const container = dockerode.getContainer(found.Id)
  const file = groupFile((await container.inspect()).State.Pid)
  if (file !== undefined) return { name, cpuMs: async () => cpuMsOfGroup(readFileSync(file, 'utf8')) }
  return {
    name,
    // The daemon takes half a second for it, but it also answers where its containers run on another machine.
    cpuMs: async () => {
      const stats = await container.stats({ stream: false, 'one-shot': true })
      return stats.cpu_stats.cpu_usage.total_usage / NS_PER_MS
    },
  }
}

/** Where the kernel counts for the group of a process, if it does so on this machine and we may read it. */
function groupFile(pid: number): string | undefined {
  try {
    const file = cpuFileOfGroup(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))
    if (file !== undefined) cpuMsOfGroup(readFileSync(file, 'utf8'))
    return file
  } catch {
    return undefined
  }
}

/** The embedded program is told its address on its command line. */
async function embeddedMeter(name: string, url: string): Promise<Metered> {
  const { host } = new URL(url)
  const { lines } = await listProcesses()
  const line = lines.find((one) => one.includes(`--${name} ${host}`))
  const pid = Number(line?.trim().split(/\s+/)[0])
  if (!(pid > 0)) throw new Error(`no process serves ${name} at ${host}`)
  return processMeter(name, () => pid)
}

/** The output is long, and `runCommand` keeps only its end: so the lines are gathered as they come. */
async function listProcesses(): Promise<{ lines: string[] }> {
  const lines: string[] = []
  await runCommand(['ps', '-axww', '-o', 'pid=,args='], {
    secondsMax: PS_SECONDS_MAX,
    onLine: (line) => {
      lines.push(line)
    },
  })
  return { lines }
}
